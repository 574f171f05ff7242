"""Tokens that are not three parts of base64url, each spelled in its one way (RFC 7515 sections 2 and 7.1)."""

import json

from auth0_sso.testing.hostile.cases import (
    BASE64URL,
    Forge,
    Refused,
    bearer,
    claim,
    good_header,
    line,
    respelled,
)
from auth0_sso.testing.issuer import base64url


def _stray_bits(head: str, body: str, signature: str) -> str:
    """Set one of the two bits that the last character has to spare: the same bytes, another text."""
    last = BASE64URL[BASE64URL.index(signature[-1]) ^ 1]
    return f"{head}.{body}.{signature[:-1]}{last}"


def _stray_payload_bits(forge: Forge) -> list[bytes]:
    text = json.dumps(forge.claims()).encode()
    body = base64url(text + b" " * (-(len(text) + 1) % 3))  # a length that leaves bits to spare
    last = BASE64URL[BASE64URL.index(body[-1]) ^ 1]
    return bearer(forge.issuer.sign(f"{base64url(good_header())}.{body[:-1]}{last}"))


def _other_alphabet(head: str, body: str, signature: str) -> str:
    other = signature.replace("-", "+").replace("_", "/")
    return f"{head}.{body}.+{other[1:]}"


SHAPES = [
    Refused("opaque", line("Bearer oOjt5tkd9VFBWXWPYhYKoKdPcyBTHxBO"), "token_opaque"),
    Refused("two-parts", respelled(lambda head, body, _: f"{head}.{body}"), "token_malformed"),
    Refused("four-parts", respelled(lambda head, body, tail: f"{head}.{body}.{tail}.{tail}"), "token_malformed"),
    Refused("jwe", line("Bearer eyJhbGciOiJkaXIifQ..YWFh.YmJi.Y2Nj"), "token_encrypted"),
    Refused("six-parts", line("Bearer a.b.c.d.e.f"), "token_malformed"),
    Refused("dots", line("Bearer .."), "header_not_json"),
    Refused("no-header-part", respelled(lambda _, body, tail: f".{body}.{tail}"), "header_not_json"),
    Refused("no-payload-part", respelled(lambda head, _, tail: f"{head}..{tail}"), "payload_not_json"),
    Refused("too-long", claim(padding="x" * 12_000), "token_too_long"),
    Refused("opaque-and-too-long", line("Bearer " + "x" * 16_385), "token_too_long"),
    Refused("tilde-in-header", respelled(lambda head, body, tail: f"~{head}.{body}.{tail}"), "header_not_base64url"),
    Refused("plus-in-payload", respelled(lambda head, body, tail: f"{head}.+{body}.{tail}"), "payload_not_base64url"),
    Refused(
        "one-character-more", respelled(lambda h, body, tail: f"{h}.{body}.{tail}AAA"), "signature_not_base64url"
    ),
    Refused("length-no-bytes-have", respelled(lambda h, b, _: f"{h}.{b}.AAAAA"), "signature_not_base64url"),
    Refused("padded", respelled(lambda head, body, tail: f"{head}.{body}.{tail}=="), "signature_not_base64url"),
    Refused("half-padded", respelled(lambda head, body, tail: f"{head}.{body}.{tail}="), "signature_not_base64url"),
    Refused("other-alphabet", respelled(_other_alphabet), "signature_not_base64url"),
    Refused("stray-bits-in-signature", respelled(_stray_bits), "signature_not_base64url"),
    Refused("stray-bits-in-payload", _stray_payload_bits, "payload_not_base64url"),
]
