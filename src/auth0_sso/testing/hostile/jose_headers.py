"""JOSE headers that ask for another algorithm, another key, or an extension (RFC 7515 section 4)."""

from auth0_sso.testing.hostile.cases import Build, Refused, bearer, header, raw_header, with_member


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
