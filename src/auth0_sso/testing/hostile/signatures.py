"""Signatures by another key, of another text, or by another algorithm than the header says (RFC 7515 section 5.2)."""

import hmac
import json
from base64 import urlsafe_b64decode
from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth0_sso.testing.hostile.cases import BASE64URL, Build, Forge, Refused, bearer, header, respelled
from auth0_sso.testing.issuer import Issuer, base64url, json_part, public_jwk


@cache
def _attacker_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _hmac(key: str) -> Build:
    """Sign with HS256, the secret being one spelling of the public key."""

    def build(forge: Forge) -> list[bytes]:
        public = forge.issuer.keys["key-0"].public_key()
        secret = {
            "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "modulus": str(public_jwk(forge.issuer.keys["key-0"], "key-0")["n"]).encode(),
            "jwk": json.dumps(public_jwk(forge.issuer.keys["key-0"], "key-0")).encode(),
            "empty": b"",
        }[key]
        text = f"{json_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'key-0'})}.{json_part(forge.claims())}"
        return bearer(f"{text}.{base64url(hmac.digest(secret, text.encode(), sha256))}")

    return build


def _by_attacker(**members: object) -> Build:
    """Sign with a key of the attacker's, shown or pointed to in the header."""

    def build(forge: Forge) -> list[bytes]:
        attacker = Issuer([key := _attacker_key()])
        shown = {name: public_jwk(key, "key-0") if value is ... else value for name, value in members.items()}
        return bearer(attacker.token(forge.claims(), header=shown))

    return build


def _flipped(position: int) -> Build:
    def change(head: str, body: str, signature: str) -> str:
        other = BASE64URL[BASE64URL.index(signature[position]) ^ 32]
        return f"{head}.{body}.{signature[:position]}{other}{signature[position + 1 :]}"

    return respelled(change)


def _signature(text: str) -> Build:
    return respelled(lambda head, body, _: f"{head}.{body}.{text}")


def _of_another_token(forge: Forge) -> list[bytes]:
    head, body, _ = forge.token(sub="auth0|admin").split(".")
    return bearer(f"{head}.{body}.{forge.token().split('.')[2]}")


def _with_another_header(forge: Forge) -> list[bytes]:
    _, body, signature = forge.token().split(".")
    return bearer(f"{json_part({'alg': 'RS256', 'kid': 'key-0'})}.{body}.{signature}")


def _halves(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def _es256(signature: bytes | None) -> Build:
    """Put a signature, or the true one in DER, on a token whose header names the EC key."""

    def build(forge: Forge) -> list[bytes]:
        token = forge.issuer.token(forge.claims(), header={"kid": "key-ec"}, algorithm="ES256")
        text, true = token.rsplit(".", 1)
        in_der = encode_dss_signature(*_halves(urlsafe_b64decode(true + "==")))
        return bearer(f"{text}.{base64url(in_der if signature is None else signature)}")

    return build


def _padding_of(algorithm: str, said: str, kid: str) -> Build:
    """Sign by one algorithm and say another."""
    return lambda forge: bearer(
        forge.issuer.token(forge.claims(), header={"alg": said}, kid=kid, algorithm=algorithm)
    )


SIGNATURES = [
    *(
        Refused(f"hs256-keyed-with-{key}", _hmac(key), "alg_symmetric")
        for key in ("pem", "der", "modulus", "jwk", "empty")
    ),
    Refused("hs384", header(alg="HS384"), "alg_symmetric"),
    Refused("hs512", header(alg="HS512"), "alg_symmetric"),
    *(
        Refused(name, build, "signature_mismatch")
        for name, build in {
            "by-another-key": lambda forge: bearer(
                forge.issuer.token(forge.claims(), header={"kid": "key-0"}, kid="key-1")
            ),
            "by-an-attacker": _by_attacker(),
            "embedded-jwk": _by_attacker(jwk=...),
            "jku": _by_attacker(jku="https://attacker.example/jwks.json"),
            "x5u": _by_attacker(x5u="https://attacker.example/cert.pem"),
            "x5c": _by_attacker(x5c=["MIIBszCCAV0CFA=="]),
            "of-another-token": _of_another_token,
            "under-another-header": _with_another_header,
            "empty-signature": _signature(""),
            "zero-signature": _signature("A" * 342),
            "short-signature": _signature("AAAA"),
            "long-signature": _signature("A" * 1368),
            "truncated-signature": respelled(lambda head, body, tail: f"{head}.{body}.{tail[:-6]}"),
            "first-character-changed": _flipped(0),
            "middle-character-changed": _flipped(171),
            "sha512-said-to-be-sha256": _padding_of("RS512", "RS256", "key-0"),
            "pss-said-to-be-pkcs1": _padding_of("PS256", "RS256", "key-0"),
            "pkcs1-said-to-be-pss": _padding_of("RS256", "PS256", "key-2"),
            "es256-in-der": _es256(None),
            "es256-zero": _es256(bytes(64)),
            "es256-short": _es256(b"\x01" * 63),
            "es256-empty": _es256(b""),
        }.items()
    ),
    Refused("jku-with-unknown-kid", _by_attacker(kid="key-9", jku="https://attacker.example/"), "kid_unknown"),
    Refused("embedded-jwk-with-unknown-kid", _by_attacker(kid="key-9", jwk=...), "kid_unknown"),
]
