"""An issuer in the process: signs what a test wants signed, by `cryptography` alone, and shows its JWK Set.

It shares no code with what it tests, python-jose included.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER: Final = "https://tenant.example.com/"
"""Who issues the tokens: their `iss`."""

AUDIENCE: Final = "https://api.example.com"
"""The API they are for: their `aud`."""

SUBJECT: Final = "auth0|6132828a407ec6006935a858"
"""The user they are for, unless a test names another."""

_HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def base64url(data: bytes) -> str:
    """Return the bytes in base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def json_part(value: object) -> str:
    """Return one part of a JWS: a value's JSON in base64url."""
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def public_jwk(key: rsa.RSAPrivateKey, kid: str, **members: object) -> dict[str, object]:
    """Return the public key as a JWK (RFC 7518 section 6.3), with some members added or replaced."""
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "n": _number(numbers.n),
        "e": _number(numbers.e),
        "kid": kid,
        "alg": "RS256",
        **members,
    }


def public_ec_jwk(key: ec.EllipticCurvePrivateKey, kid: str, **members: object) -> dict[str, object]:
    """Return the public key as a JWK (RFC 7518 section 6.2), with some members added or replaced."""
    numbers = key.public_key().public_numbers()
    x, y = (base64url(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    return {"kty": "EC", "use": "sig", "crv": "P-256", "x": x, "y": y, "kid": kid, "alg": "ES256", **members}


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Issuer:
    """RSA keys named `key-0`, `key-1`, ..., of which the first signs by default, and one EC key."""

    def __init__(self, keys: Sequence[rsa.RSAPrivateKey]) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {f"key-{number}": key for number, key in enumerate(keys)}
        self.ec_key = ec.generate_private_key(ec.SECP256R1())

    def jwks(self, *kids: str) -> dict[str, list[dict[str, object]]]:
        """Return the JWK Set (RFC 7517 section 5) of these RSA keys, or of all."""
        return {"keys": [public_jwk(self.keys[kid], kid) for kid in kids or self.keys]}

    def token(
        self,
        claims: Mapping[str, Any],
        *,
        header: Mapping[str, Any] | None = None,
        kid: str = "key-0",
        algorithm: str = "RS256",
    ) -> str:
        """Sign claims; members of `header` replace those of a usual one, and `...` takes one away."""
        full = {"alg": algorithm, "typ": "JWT", "kid": kid} | dict(header or {})
        head = json_part({name: value for name, value in full.items() if value is not ...})
        return self.sign(f"{head}.{json_part(claims)}", kid=kid, algorithm=algorithm)

    def sign(self, signing_input: str, *, kid: str = "key-0", algorithm: str = "RS256") -> str:
        """Append a true signature to any text."""
        return f"{signing_input}.{base64url(self._signature(signing_input.encode(), kid, algorithm))}"

    def _signature(self, message: bytes, kid: str, algorithm: str) -> bytes:
        chosen = _HASHES[algorithm[2:]]
        if algorithm.startswith("ES"):
            r, s = decode_dss_signature(self.ec_key.sign(message, ec.ECDSA(chosen)))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if algorithm.startswith("PS"):
            return self.keys[kid].sign(message, padding.PSS(padding.MGF1(chosen), chosen.digest_size), chosen)
        return self.keys[kid].sign(message, padding.PKCS1v15(), chosen)


class _GeneratedKeys(dict[str, rsa.RSAPrivateKey]):
    """A key for each kid, generated when it is first asked for: who needs one key does not wait for four."""

    def __missing__(self, kid: str) -> rsa.RSAPrivateKey:
        key = self[kid] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return key


@cache
def issuer_of_process() -> Issuer:
    """Return the one issuer of this process, whose keys are generated when they are first used."""
    issuer = Issuer([])
    issuer.keys = _GeneratedKeys()
    return issuer


def user_claims(now: float, **changes: object) -> dict[str, Any]:
    """Return what Auth0's own dialect says of a user; `...` takes a claim away."""
    claims = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": [AUDIENCE, f"{ISSUER}userinfo"],
        "iat": int(now),
        "exp": int(now) + 86_400,
        "scope": "openid profile email",
        "azp": "spa-client",
        "permissions": ["read:data"],
    } | changes
    return {name: value for name, value in claims.items() if value is not ...}
