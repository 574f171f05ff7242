"""Every request that must be refused, as data: what it is, why it is refused, and how the answer says so."""

import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.issuer import AUDIENCE, ISSUER, Issuer, base64url, json_part, public_jwk, user_claims
from support.token_cases import (
    LEEWAY,
    NOW,
    Build,
    Forge,
    Refused,
    bearer,
    claim,
    good_header,
    header,
    line,
    payload,
    raw_claim,
    raw_header,
    respelled,
    with_member,
)

_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ATTACKER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _malformed(name: str, build: Build, reason: str = "credentials_malformed") -> Refused:
    return Refused(name, build, reason, 400, "invalid_request")


def _no_token(name: str, build: Build, reason: str = "scheme_unsupported") -> Refused:
    return Refused(name, build, reason, 401, None)


HEADER_LINES = [
    _no_token("no-header", line(), "missing_token"),
    _no_token("vertical-tab-before-scheme", line("\x0bBearer {token}")),
    _no_token("basic", line("Basic dXNlcjpwYXNzd29yZA==")),
    _no_token("dpop-scheme", line("DPoP {token}")),
    _no_token("token-without-scheme", line("{token}")),
    _no_token("scheme-run-into-token", line("Bearer{token}")),
    _no_token("scheme-with-colon", line("Bearer: {token}")),
    _no_token("bearers", line("Bearers {token}")),
    _no_token("comma-before-scheme", line(", Bearer {token}")),
    _malformed("empty-header", line("")),
    _malformed("blank-header", line("  ")),
    _malformed("scheme-alone", line("Bearer")),
    _malformed("scheme-and-spaces", line("Bearer   ")),
    _malformed("tab-before-token", line("Bearer\t{token}")),
    _malformed("two-words", line("Bearer {token} {token}")),
    _malformed("two-credentials", line("Bearer {token}, Bearer {token}")),
    _malformed("comma-behind-token", line("Bearer {token},")),
    _malformed("quoted-token", line('Bearer "{token}"')),
    _malformed("auth-param", line('Bearer token="{token}"')),
    _malformed("form-feed-behind-token", line("Bearer {token}\x0c")),
    _malformed("nul", line("Bearer \x00{token}")),
    _malformed("newline-in-token", line("Bearer {token}\nX: y")),
    _malformed("latin-1", line("Bearer {token}\xff")),
    _malformed("bang-behind-token", line("Bearer {token}!")),
    _malformed("equals-before-token", line("Bearer ={token}")),
    _malformed("two-good-headers", line("Bearer {token}", "Bearer {token}"), "authorization_repeated"),
    _malformed("good-then-bad-header", line("Bearer {token}", "Bearer x"), "authorization_repeated"),
    _malformed("bad-then-good-header", line("Bearer x", "Bearer {token}"), "authorization_repeated"),
    _malformed("basic-beside-bearer", line("Basic dTpw", "Bearer {token}"), "authorization_repeated"),
    _malformed("empty-beside-bearer", line("", "Bearer {token}"), "authorization_repeated"),
]


def _stray_bits(head: str, body: str, signature: str) -> str:
    """Set one of the two bits that the last character has to spare: the same bytes, another text."""
    last = _BASE64URL[_BASE64URL.index(signature[-1]) ^ 1]
    return f"{head}.{body}.{signature[:-1]}{last}"


def _stray_payload_bits(forge: Forge) -> list[bytes]:
    text = json.dumps(user_claims(NOW)).encode()
    body = base64url(text + b" " * (-(len(text) + 1) % 3))  # a length that leaves bits to spare
    last = _BASE64URL[_BASE64URL.index(body[-1]) ^ 1]
    return bearer(forge.issuer.sign(f"{base64url(good_header())}.{body[:-1]}{last}"))


def _other_alphabet(head: str, body: str, signature: str) -> str:
    other = signature.replace("-", "+").replace("_", "/")
    assert other != signature
    return f"{head}.{body}.{other}"


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


def _lone_surrogate(text: str) -> Build:
    return payload(with_member(user_claims(NOW), "https://example.com/x", text))


def _twice(name: str, text: str) -> Build:
    return payload(with_member(user_claims(NOW), name, text))


PAYLOADS = [
    *(
        Refused(f"payload-{name}", payload(text), "payload_not_object")
        for name, text in {
            "array": "[]",
            "string": '"sub"',
            "number": "7",
            "true": "true",
            "null": "null",
        }.items()
    ),
    *(
        Refused(f"payload-{name}", payload(text), "payload_not_json")
        for name, text in {
            "blank": " ",
            "words": "hello",
            "python": "{'sub': 'a'}",
            "open": '{"sub":"a"',
            "trailing-comma": '{"sub":"a",}',
            "two-values": '{"sub":"a"} {"sub":"b"}',
            "comment": '{"sub":"a"}//',
            "byte-order-mark": '\ufeff{"sub":"a"}',
            "raw-newline-in-string": '{"sub":"a\nb"}',
            "leading-zero": '{"exp":01}',
            "nul-behind": '{"sub":"a"}\x00',
            "form-feed-before": '\x0c{"sub":"a"}',
        }.items()
    ),
    Refused("payload-empty-object", payload("{}"), "iss_missing"),
    Refused("payload-latin-1", payload(b'{"sub":"\xe9"}'), "payload_not_utf8"),
    Refused("payload-utf-16", payload('{"sub":"a"}'.encode("utf-16")), "payload_not_utf8"),
    Refused("payload-overlong-utf-8", payload(b'{"sub":"\xc0\xaf"}'), "payload_not_utf8"),
    Refused("payload-encoded-surrogate", payload(b'{"sub":"\xed\xa0\x80"}'), "payload_not_utf8"),
    Refused("two-subs", _twice("sub", '"auth0|admin"'), "payload_duplicate_member"),
    Refused("two-auds", _twice("aud", f'"{AUDIENCE}"'), "payload_duplicate_member"),
    Refused("two-exps", _twice("exp", "1900000000"), "payload_duplicate_member"),
    Refused("two-issuers", _twice("iss", f'"{ISSUER}"'), "payload_duplicate_member"),
    Refused("one-name-spelled-two-ways", _twice("s\\u0075b", '"a"'), "payload_duplicate_member"),
    Refused("two-members-deep-inside", _twice("x", '{"a":[{"b":1,"b":2}]}'), "payload_duplicate_member"),
    Refused("nan-in-any-claim", raw_claim("x", "NaN"), "payload_number_out_of_range"),
    Refused("infinity-in-any-claim", raw_claim("x", "[Infinity]"), "payload_number_out_of_range"),
    Refused("1e999-in-any-claim", raw_claim("x", '{"y":-1e999}'), "payload_number_out_of_range"),
    Refused("21-digits-in-any-claim", raw_claim("x", "1" * 21), "payload_number_out_of_range"),
    Refused("5000-digits-in-any-claim", raw_claim("x", "1" * 5000), "payload_number_out_of_range"),
    Refused("33-deep", raw_claim("x", "[" * 32 + "]" * 32), "payload_too_deep"),
    Refused("33-deep-objects", raw_claim("x", '{"a":' * 32 + "1" + "}" * 32), "payload_too_deep"),
    Refused("500-deep", raw_claim("x", "[" * 500 + "]" * 500), "payload_too_deep"),
    Refused("5000-deep", raw_claim("x", "[" * 5000 + "]" * 5000), "payload_too_complex"),
    Refused("thousands-of-arrays", raw_claim("x", f"[{'[],' * 3000}0]"), "payload_too_complex"),
    Refused("thousands-of-objects", raw_claim("x", f"[{'{},' * 3000}0]"), "payload_too_complex"),
    Refused("thousands-of-numbers", raw_claim("x", f"[{'1,' * 5000}0]"), "payload_too_complex"),
    Refused("1e999-after-a-thousand-numbers", raw_claim("x", f"[{'1,' * 1000}1e999]"), "payload_number_out_of_range"),
    Refused("lone-high-surrogate", _lone_surrogate('"\\ud800"'), "payload_not_encodable"),
    Refused("lone-low-surrogate", _lone_surrogate('"\\udc00"'), "payload_not_encodable"),
    Refused("lone-surrogate-in-name", _lone_surrogate('{"\\udfff":1}'), "payload_not_encodable"),
    Refused("swapped-surrogates", _lone_surrogate('["\\ude00\\ud83d"]'), "payload_not_encodable"),
]


def _unsigned(alg: str) -> Build:
    return lambda forge: bearer(forge.token({"alg": alg}).rsplit(".", 1)[0] + ".")


HEADERS = [
    Refused("header-array", raw_header("[]"), "header_not_object"),
    Refused("header-string", raw_header('"RS256"'), "header_not_object"),
    Refused("header-null", raw_header("null"), "header_not_object"),
    Refused("header-number", raw_header("256"), "header_not_object"),
    Refused("header-words", raw_header("RS256"), "header_not_json"),
    Refused("header-latin-1", raw_header(b'{"alg":"\xe9"}'), "header_not_utf8"),
    Refused(
        "header-two-algs",
        raw_header(with_member({"kid": "key-0", "alg": "none"}, "alg", '"RS256"')),
        "header_duplicate_member",
    ),
    Refused(
        "header-two-kids",
        raw_header(with_member({"alg": "RS256", "kid": "x"}, "kid", '"key-0"')),
        "header_duplicate_member",
    ),
    Refused("header-500-deep", raw_header("[" * 500 + "]" * 500), "header_too_deep"),
    Refused("header-5000-deep", raw_header("[" * 5000 + "]" * 5000), "header_too_complex"),
    Refused("header-nan", raw_header('{"alg":"RS256","kid":"key-0","x":NaN}'), "header_number_out_of_range"),
    Refused("header-lone-surrogate", raw_header('{"alg":"RS256","kid":"\\ud800"}'), "header_not_encodable"),
    *(
        Refused(f"alg-{name}", header(alg=value), "alg_not_allowed")
        for name, value in {
            "missing": ...,
            "null": None,
            "number": 256,
            "true": True,
            "list": ["RS256"],
            "object": {"RS256": 1},
            "empty": "",
            "prefix": "RS",
            "suffix": "S2",
            "lower-case": "rs256",
            "with-space": "RS256 ",
            "list-as-text": "RS256,RS384",
            "weak": "RS1",
            "eddsa": "EdDSA",
            "es384": "ES384",
            "key-encryption": "RSA-OAEP",
            "sets-a-header": "RS256\r\nX-Role: admin",
        }.items()
    ),
    *(Refused(f"alg-{alg}-unsigned", _unsigned(alg), "alg_not_allowed") for alg in ("none", "None", "NONE", "nOnE")),
    Refused("alg-none-signed", header(alg="none"), "alg_not_allowed"),
    Refused("alg-hs-and-snowman", header(alg="HS\u2603"), "alg_symmetric"),
    Refused("alg-hs-and-newline", header(alg="HS\r\n"), "alg_symmetric"),
    Refused("alg-of-another-hash", header(alg="RS512"), "kid_unknown"),
    Refused("alg-of-another-padding", header(alg="PS256"), "kid_unknown"),
    Refused("alg-of-another-kind-of-key", header(alg="ES256"), "kid_unknown"),
    Refused("alg-rsa-on-an-ec-key", header(kid="key-ec"), "kid_unknown"),
    *(
        Refused(f"typ-{name}", header(typ=value), "typ_not_allowed")
        for name, value in {
            "dpop": "dpop+jwt",
            "logout": "logout+jwt",
            "security-event": "secevent+jwt",
            "jwe": "JWE",
            "empty": "",
            "with-space": "JWT ",
            "null": None,
            "number": 5,
            "list": ["JWT"],
            "dotless-letter": "\u0131wt",
        }.items()
    ),
    *(
        Refused(f"{name}-{number}", header(**{name: value}), f"{name}_unsupported")
        for name, values in {
            "crit": (["x"], ["exp"], [], "x", None),
            "b64": (False, True),
            "cty": ("JWT", None),
            "zip": ("DEF",),
            "enc": ("A256GCM",),
        }.items()
        for number, value in enumerate(values)
    ),
    Refused("kid-missing", header(kid=...), "kid_missing"),
    *(
        Refused(f"kid-{name}", header(kid=value), "kid_invalid")
        for name, value in {
            "null": None,
            "number": 0,
            "true": True,
            "list": ["key-0"],
            "object": {"kid": "key-0"},
            "empty": "",
            "256-characters": "k" * 256,
        }.items()
    ),
    Refused("kid-unknown", header(kid="key-9"), "kid_unknown"),
    Refused("kid-other-case", header(kid="KEY-0"), "kid_unknown"),
    Refused("kid-with-space", header(kid="key-0 "), "kid_unknown"),
    Refused("kid-a-path", header(kid="../../../dev/null"), "kid_unknown"),
    Refused("kid-a-query", header(kid="' OR 1=1 --"), "kid_unknown"),
    Refused("kid-sets-a-header", header(kid="key-0\r\nX-Role: admin"), "kid_unknown"),
]


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
        text = f"{json_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'key-0'})}.{json_part(user_claims(NOW))}"
        return bearer(f"{text}.{base64url(hmac.digest(secret, text.encode(), sha256))}")

    return build


def _by_attacker(**members: object) -> Build:
    """Sign with a key of the attacker's, shown or pointed to in the header."""

    def build(forge: Forge) -> list[bytes]:
        attacker = Issuer([_ATTACKER])
        shown = {name: public_jwk(_ATTACKER, "key-0") if value is ... else value for name, value in members.items()}
        return bearer(attacker.token(user_claims(NOW), header=shown))

    return build


def _flipped(position: int) -> Build:
    def change(head: str, body: str, signature: str) -> str:
        other = _BASE64URL[_BASE64URL.index(signature[position]) ^ 32]
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
        token = forge.issuer.token(user_claims(NOW), header={"kid": "key-ec"}, algorithm="ES256")
        text, true = token.rsplit(".", 1)
        in_der = encode_dss_signature(*_halves(urlsafe_b64decode(true + "==")))
        return bearer(f"{text}.{base64url(in_der if signature is None else signature)}")

    return build


def _padding_of(algorithm: str, said: str, kid: str) -> Build:
    """Sign by one algorithm and say another."""
    return lambda forge: bearer(
        forge.issuer.token(user_claims(NOW), header={"alg": said}, kid=kid, algorithm=algorithm)
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
                forge.issuer.token(user_claims(NOW), header={"kid": "key-0"}, kid="key-1")
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

_NO_TEXT_AT_ALL: dict[str, object] = {
    "null": None,
    "number": 7,
    "true": True,
    "list": ["a"],
    "object": {"a": "b"},
}
_NOT_TEXT: dict[str, object] = _NO_TEXT_AT_ALL | {
    "empty": "",
    "blank": "  ",
    "newline": "auth0|a\nb",
    "nul": "auth0|a\x00",
    "escape": "\x1b[31mred",
    "line-separator": "a\u2028b",
    "right-to-left-override": "a\u202eb",
    "513-characters": "x" * 513,
}
_NOT_A_TIME: dict[str, str] = {
    "null": "null",
    "true": "true",
    "false": "false",
    "text": '"1900000000"',
    "text-with-underscore": '"1_900_000_000"',
    "empty-text": '""',
    "list": "[1900000000]",
    "object": "{}",
    "negative": "-1",
    "year-10000": "253402300800",
    "1e300": "1e300",
}
_NO_NUMBER: dict[str, str] = {
    "nan": "NaN",
    "infinity": "Infinity",
    "minus-infinity": "-Infinity",
    "1e400": "1e400",
    "ten-to-the-30": "1" + "0" * 30,
    "5000-digits": "9" * 5000,
}
_NOT_STRINGS: dict[str, object] = {
    "null": None,
    "text": "read:data",
    "number": 1,
    "object": {"read:data": True},
    "mixed": ["read:data", 1],
    "nested": [["read:data"]],
    "with-null": [None],
}


def _wrong_types() -> Iterator[Refused]:
    for name in ("iss", "sub", "azp", "client_id", "org_id"):
        for kind, value in _NOT_TEXT.items():
            yield Refused(f"{name}-{kind}", claim(**{name: value}), f"{name}_invalid")
    for name in ("gty", "jti", "acr", "org_name"):
        yield Refused(f"{name}-number", claim(**{name: 7}), f"{name}_invalid")
        yield Refused(f"{name}-newline", claim(**{name: "a\nb"}), f"{name}_invalid")
    for name in ("exp", "iat", "nbf"):
        for kind, text in _NOT_A_TIME.items():
            yield Refused(f"{name}-{kind}", raw_claim(name, text), f"{name}_invalid")
        for kind, text in _NO_NUMBER.items():
            yield Refused(f"{name}-{kind}", raw_claim(name, text), "payload_number_out_of_range")
    yield Refused("auth_time-text", claim(auth_time="1800000000"), "auth_time_invalid")
    yield Refused("auth_time-true", claim(auth_time=True), "auth_time_invalid")
    for name in ("permissions", "amr"):
        for kind, value in _NOT_STRINGS.items():
            yield Refused(f"{name}-{kind}", claim(**{name: value}), f"{name}_invalid")
    for kind, value in _NO_TEXT_AT_ALL.items():
        yield Refused(f"scope-{kind}", claim(scope=value), "scope_invalid")


CLAIMS = [
    *_wrong_types(),
    *(
        Refused(f"{name}-missing", claim(**{name: ...}), f"{name}_missing")
        for name in ("iss", "aud", "sub", "exp", "iat")
    ),
    *(
        Refused(f"iss-{name}", claim(iss=value), "iss_mismatch")
        for name, value in {
            "other": "https://other.example.com/",
            "without-slash": ISSUER.removesuffix("/"),
            "two-slashes": f"{ISSUER}/",
            "upper-case": ISSUER.upper(),
            "plain-http": ISSUER.replace("https", "http"),
            "prefix": ISSUER + "evil",
            "with-space": f" {ISSUER}",
        }.items()
    ),
    Refused("iss-list-with-ours", claim(iss=[ISSUER]), "iss_invalid"),
    *(
        Refused(f"aud-{name}", claim(aud=value), "aud_mismatch")
        for name, value in {
            "other": "https://other.example.com",
            "others": ["https://other.example.com", f"{ISSUER}userinfo"],
            "substring": AUDIENCE[:-1],
            "superstring": f"{AUDIENCE}/",
            "upper-case": AUDIENCE.upper(),
            "two-in-one": f"{AUDIENCE} urn:example:second-api",
            "empty-in-list": [""],
        }.items()
    ),
    *(
        Refused(f"aud-{name}", claim(aud=value), "aud_invalid")
        for name, value in {
            "null": None,
            "number": 7,
            "true": True,
            "empty": "",
            "blank": " ",
            "empty-list": [],
            "object": {AUDIENCE: 1},
            "ours-and-a-number": [AUDIENCE, 1],
            "ours-and-null": [AUDIENCE, None],
            "nested": [[AUDIENCE]],
        }.items()
    ),
    Refused("expired", claim(exp=NOW - 3600), "expired"),
    Refused("expired-as-the-leeway-ends", claim(exp=NOW - LEEWAY), "expired"),
    Refused("expired-as-a-fraction", claim(exp=NOW - LEEWAY - 0.25), "expired"),
    Refused("expired-at-zero", claim(exp=0), "expired"),
    Refused("not-yet-valid", claim(nbf=NOW + 3600), "not_yet_valid"),
    Refused("not-yet-valid-past-the-leeway", claim(nbf=NOW + LEEWAY + 0.25), "not_yet_valid"),
    Refused("issued-in-the-future", claim(iat=NOW + 3600), "iat_in_future"),
    Refused("issued-past-the-leeway", claim(iat=NOW + LEEWAY + 0.25), "iat_in_future"),
    Refused("two-clients", claim(azp="one", client_id="two"), "client_id_mismatch"),
    Refused("id-token-by-nonce", claim(aud="spa-client", nonce="n-0S6"), "id_token"),
    Refused("id-token-for-our-audience", claim(nonce="n-0S6"), "id_token"),
    Refused("id-token-by-at-hash", claim(at_hash="MTIzNDU2Nzg5MDEyMzQ1Ng"), "id_token"),
    Refused("id-token-by-c-hash", claim(c_hash="LDktKdoQak3Pk0cnXxCltA"), "id_token"),
    Refused("id-token-without-hashes", claim(aud="spa-client", azp=..., scope=...), "aud_mismatch"),
    Refused("bound-by-dpop", claim(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}), "sender_constrained"),
    Refused(
        "bound-by-mtls", claim(cnf={"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}), "sender_constrained"
    ),
]

REFUSED = [*HEADER_LINES, *SHAPES, *PAYLOADS, *HEADERS, *SIGNATURES, *CLAIMS]
