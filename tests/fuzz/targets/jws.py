"""The compact JWS (RFC 7515), with joserfc as the second opinion.

Three parts separated by NUL are encoded first, so that the fuzzer reaches the JSON in them.
"""

import json

from joserfc.jws import JWSRegistry, extract_compact

from auth0_sso.errors import InvalidTokenError
from auth0_sso.testing.issuer import base64url, json_part
from auth0_sso.tokens import jws
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS
from fuzz.targets.refusals import require_documented

_HEADER = json_part({"alg": "RS256", "kid": "k", "typ": "at+jwt"})
SEEDS = tuple(
    text.encode()
    for text in (
        f"{_HEADER}.{json_part({'iss': 'x', 'aud': ['a', 'b'], 'exp': 1.5e3})}.{base64url(b's' * 64)}",
        f"{json_part({'alg': 'ES256', 'kid': 'ü', 'crit': []})}.e30.AA",
        f"{json_part({'alg': 'HS256', 'typ': None})}.e30.",
        f"{_HEADER}.{base64url(b'[[1e999]]')}.AAAA",
        "a.b.c.d.e",
        "opaque",
        '{"alg":"RS512","kid":"k","x5t":"\\u00fc"}\0{"a":[1,{"b":-2e3}],"c":"\\ud83d\\ude00"}\0s',
    )
)


def _lenient_in_size() -> JWSRegistry:
    registry = JWSRegistry()
    registry.max_header_length = registry.max_payload_length = registry.max_signature_length = 1 << 20
    return registry


_REGISTRY = _lenient_in_size()


def check(data: bytes) -> None:
    """What is parsed has one spelling, and joserfc and the standard library read the same in it."""
    if data.count(b"\0") == 2:
        data = ".".join(map(base64url, data.split(b"\0"))).encode()
    try:
        parsed = jws.parse(data, SUPPORTED_ALGORITHMS)
    except InvalidTokenError as error:
        require_documented(error)
        return
    other = extract_compact(data, registry=_REGISTRY)
    assert other.protected["alg"] == parsed.algorithm
    assert other.protected["kid"] == parsed.key_id
    assert parsed.algorithm in SUPPORTED_ALGORITHMS
    assert other.protected.keys().isdisjoint({"crit", "b64", "cty", "zip", "enc"})
    assert other.payload is not None
    assert json.dumps(json.loads(other.payload)) == json.dumps(parsed.unverified_claims)
    header, _, payload = parsed.signing_input.decode().partition(".")
    assert f"{header}.{base64url(other.payload)}.{base64url(parsed.signature)}".encode() == data
    assert payload == base64url(other.payload)
