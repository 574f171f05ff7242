"""Truly signed claims that are missing, malformed, or not for this API (RFC 7519 section 4.1, RFC 9068 section 4)."""

from collections.abc import Iterator

from auth0_sso.testing.hostile.cases import LEEWAY, Refused, claim, raw_claim, time_claim
from auth0_sso.testing.issuer import AUDIENCE, ISSUER

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
    Refused("expired", time_claim(exp=-3600), "expired"),
    Refused("expired-as-the-leeway-ends", time_claim(exp=-LEEWAY), "expired"),
    Refused("expired-as-a-fraction", time_claim(exp=-LEEWAY - 0.25), "expired"),
    Refused("expired-at-zero", claim(exp=0), "expired"),
    Refused("not-yet-valid", time_claim(nbf=3600), "not_yet_valid"),
    Refused("not-yet-valid-past-the-leeway", time_claim(nbf=LEEWAY + 0.25), "not_yet_valid"),
    Refused("issued-in-the-future", time_claim(iat=3600), "iat_in_future"),
    Refused("issued-past-the-leeway", time_claim(iat=LEEWAY + 0.25), "iat_in_future"),
    Refused("two-clients", claim(azp="one", client_id="two"), "client_id_mismatch"),
    Refused("id-token-by-nonce", claim(aud="spa-client", nonce="n-0S6"), "id_token"),
    Refused("id-token-for-our-audience", claim(nonce="n-0S6"), "id_token"),
    Refused("id-token-by-at-hash", claim(at_hash="MTIzNDU2Nzg5MDEyMzQ1Ng"), "id_token"),
    Refused("id-token-by-c-hash", claim(c_hash="LDktKdoQak3Pk0cnXxCltA"), "id_token"),
    Refused("id-token-without-hashes", claim(aud="spa-client", azp=..., scope=...), "aud_mismatch"),
    Refused("bound-to-nothing", claim(cnf={}), "sender_constrained"),
    Refused("bound-by-null", claim(cnf=None), "sender_constrained"),
    Refused("bound-to-two", claim(cnf={"jkt": "A" * 43, "x5t#S256": "A" * 43}), "sender_constrained"),
    Refused("bound-to-no-thumbprint", claim(cnf={"jkt": "A" * 42}), "sender_constrained"),
    Refused("bound-to-a-whole-key", claim(cnf={"jwk": {"kty": "EC"}}), "sender_constrained"),
    Refused("bound-by-dpop", claim(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}), "sender_constrained"),
    Refused(
        "bound-by-mtls", claim(cnf={"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}), "sender_constrained"
    ),
]
