"""Lenient JSON, which is read if the standard library reads it, and always serializable."""

import json

from auth0_sso.http import lenient_json
from auth0_sso.http.lenient_json import LenientJsonError
from fuzz.targets import strict_json_text

SEEDS = (*strict_json_text.SEEDS, b'["\\udc00\\\\ud800\\uD83D\\uDE00"]', b"-" + b"9" * 400, b"[-Infinity]", b'"\xff"')


def check(data: bytes) -> None:
    """A value can be serialized as strict JSON; it is refused only for invalid JSON, or for its depth."""
    try:
        value = lenient_json.loads(data)
    except LenientJsonError as error:
        assert error.fault == "too_deep" or not _is_json(data)
        return
    text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert json.loads(text) == value
    assert _is_json(data)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data.decode("utf-8", "replace"), parse_int=float)
    except ValueError:
        return False
    except RecursionError:
        return True
    return True
