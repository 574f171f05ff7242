"""RFC 7515: a strict parser of the compact JWS, and the verification of its signature.

`parse` checks the syntax only and returns an `UnverifiedJws`. Only `verify` returns claims that may be trusted.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from auth0_sso.errors import InvalidTokenError
from auth0_sso.tokens import base64url, strict_json
from auth0_sso.tokens.jwk import MAX_KID_LENGTH, VerificationKey

# RFC 9068 section 4 and RFC 8725 section 3.11: the types of an access token. Auth0's own profile uses JWT.
ACCESS_TOKEN_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What `typ` may say, in lower case."""

# No extension is supported, so each is refused: crit (RFC 7515 section 4.1.11), b64 (RFC 7797 section 7),
# nested tokens by cty (RFC 7519 section 5.2), and the members of an encrypted token (RFC 7516 section 4.1).
_UNSUPPORTED = ("crit", "b64", "cty", "zip", "enc")


class UnverifiedJws(NamedTuple):
    """A well-formed token whose signature is not verified yet."""

    algorithm: str
    key_id: str
    unverified_claims: dict[str, object]
    signing_input: bytes
    signature: bytes


def parse(token: bytes, algorithms: Collection[str], types: frozenset[str] = ACCESS_TOKEN_TYPES) -> UnverifiedJws:
    """Parse a token in the compact serialization, without verifying it.

    Raises `InvalidTokenError` for all but three canonical base64url parts, of which the first is a header with
    an allowed `alg`, a `kid` and a `typ` of `types`, and the second a JSON object (RFC 7515 sections 4.1 and 5.2).
    """
    periods = token.count(b".")
    if periods != 2:
        raise _not_three_parts(periods + 1)
    signing_input, _, signature = token.rpartition(b".")
    header, _, payload = signing_input.partition(b".")
    algorithm, key_id = _read_header(header, tuple(algorithms), types)
    claims = json_object(payload, "payload")
    return UnverifiedJws(algorithm, key_id, claims, signing_input, decode(signature, "signature"))


def verify(jws: UnverifiedJws, key: VerificationKey) -> dict[str, object]:
    """Return the claims of a token that was signed with `key`.

    Raises `InvalidTokenError` if it was not (RFC 7515 section 5.2), and for a key of another algorithm.
    """
    if key.algorithm != jws.algorithm or not key.verifies(jws.signing_input, jws.signature):
        raise InvalidTokenError("signature_mismatch", "The access token's signature is wrong.")
    return jws.unverified_claims


def _not_three_parts(count: int) -> InvalidTokenError:
    # What Auth0 issues when a client did not ask for this API: an opaque string, or a JWE of five parts.
    if count == 5:
        reason = "token_encrypted"
    elif count == 1:
        reason = "token_opaque"
    else:
        reason = "token_malformed"
    return InvalidTokenError(
        reason,
        "This is not a signed JWT access token: request one with this API's identifier as the audience.",
    )


def decode(part: bytes, name: str) -> bytes:
    """Decode canonical base64url: with other spellings of one token, no cache or deny-list could hold."""
    try:
        return base64url.decode(part)
    except ValueError:
        raise InvalidTokenError(
            f"{name}_not_base64url", f"The access token's {name} is not canonical base64url."
        ) from None


@lru_cache(maxsize=64)  # an issuer's tokens share a few headers; refusals are not kept
def _read_header(part: bytes, algorithms: tuple[str, ...], types: frozenset[str]) -> tuple[str, str]:
    """Return `alg` and `kid` of a header that asks for nothing else (RFC 7515 section 4.1)."""
    header = json_object(part, "header")
    algorithm = _algorithm(header.get("alg"), algorithms)
    _require_plain(header, types)
    return algorithm, _key_id(header)


def json_object(part: bytes, name: str) -> dict[str, object]:
    """Return the JSON object of a part; raise `InvalidTokenError` for anything else (RFC 7515 section 5.2)."""
    try:
        value = strict_json.loads(decode(part, name), sparse=True, read_only=True)
    except strict_json.StrictJsonError as error:
        raise InvalidTokenError(f"{name}_{error.fault}", f"The access token's {name} is not valid JSON.") from None
    if not isinstance(value, dict):
        raise InvalidTokenError(f"{name}_not_object", f"The access token's {name} is not a JSON object.")
    return value


def _algorithm(alg: object, algorithms: Collection[str]) -> str:
    if isinstance(alg, str) and alg in algorithms:
        return alg
    if isinstance(alg, str) and alg.startswith("HS"):
        raise InvalidTokenError(
            "alg_symmetric",
            "Tokens signed with a shared secret are not accepted: in Auth0, set this API's signing algorithm"
            " (Applications, APIs, Settings) to RS256.",
        )
    raise algorithm_not_allowed()


def algorithm_not_allowed() -> InvalidTokenError:
    """Return the refusal of a token that was signed with an algorithm its issuer is not expected to use."""
    return InvalidTokenError("alg_not_allowed", "The access token's signing algorithm is not accepted.")


def _require_plain(header: dict[str, object], types: frozenset[str]) -> None:
    for name in _UNSUPPORTED:
        if name in header:
            raise InvalidTokenError(
                f"{name}_unsupported",
                f"The access token's header has a {name} parameter, which is not supported.",
            )
    typ = header.get("typ", "JWT")
    if not isinstance(typ, str) or typ.lower() not in types:
        raise InvalidTokenError("typ_not_allowed", "The token's type is not that of an access token.")


def _key_id(header: dict[str, object]) -> str:
    kid = header.get("kid")
    if kid is None and "kid" not in header:
        raise InvalidTokenError("kid_missing", "The access token does not name its key.")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_LENGTH:
        raise InvalidTokenError("kid_invalid", "The access token does not name its key.")
    return kid
