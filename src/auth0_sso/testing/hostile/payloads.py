"""Truly signed payloads that are not one strict JSON object of bounded size (RFC 8259, RFC 7519 section 4)."""

from auth0_sso.testing.hostile.cases import Build, Refused, added_claim, payload, raw_claim
from auth0_sso.testing.issuer import AUDIENCE, ISSUER


def _lone_surrogate(text: str) -> Build:
    return added_claim("https://example.com/x", text)


def _twice(name: str, text: str) -> Build:
    return added_claim(name, text)


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
