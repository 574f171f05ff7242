"""What a token says before anything of it is verified, to be shown beside what is expected."""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from auth0_sso.tokens import strict_json


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token's header and claims as far as they can be read; nothing of them is to be trusted, only to be shown."""

    length: int
    parts: int
    header: Mapping[str, object] | None
    """None where the first part is no JSON object."""
    claims: Mapping[str, object] | None

    @classmethod
    def read(cls, compact: str) -> Self:
        """Read a token as it was sent; whatever it is, there is no error."""
        parts = compact.split(".")
        header = _object(parts[0]) if len(parts) > 1 else None
        return cls(len(compact), len(parts), header, _object(parts[1]) if len(parts) > 1 else None)


def _object(part: str) -> Mapping[str, object] | None:
    try:
        text = part.encode("ascii")
        value = strict_json.loads(binascii.a2b_base64(text.translate(_FROM_URL) + b"=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return None
    return value if isinstance(value, dict) else None


_FROM_URL = bytes.maketrans(b"-_", b"+/")
