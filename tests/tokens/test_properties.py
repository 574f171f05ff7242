"""Whatever comes in, an `AccessToken` or a documented refusal comes out."""

import json
import re
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auth0_sso.errors import CallerError
from auth0_sso.testing.hostile.cases import LEEWAY, Forge, good_header
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, SUBJECT, Issuer, base64url, public_jwk, user_claims
from auth0_sso.tokens import strict_json
from auth0_sso.tokens.bearer import challenge
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS, JwkSet
from auth0_sso.tokens.strict_json import StrictJsonError
from support.token_cases import NOW, SECOND_AUDIENCE, KeysAtHand, verdict

# Keys are made once for the session; no example changes them.
PROPERTY = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])

ODD_TEXT = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    [ISSUER, AUDIENCE, SECOND_AUDIENCE, SUBJECT, "RS256", "none", "key-0", "JWT", "at+jwt", "client-credentials"]
)
ODD_NUMBER = (
    st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from([NOW, NOW - LEEWAY, NOW + LEEWAY, 0, -0.0, 2**63, 253_402_300_799, 10**30])
)
ODD_VALUE = st.recursive(
    st.none() | st.booleans() | ODD_NUMBER | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXT, inner, max_size=4),
    max_leaves=8,
)
CLAIM_NAME = st.sampled_from(
    ["iss", "sub", "aud", "exp", "iat", "nbf", "scope", "permissions", "azp", "client_id", "org_id", "org_name"]
) | st.sampled_from(["gty", "jti", "acr", "amr", "auth_time", "nonce", "at_hash", "c_hash", "cnf", "x"])
HEADER_NAME = st.sampled_from(
    ["alg", "kid", "typ", "crit", "b64", "cty", "zip", "enc", "jwk", "jku", "x5c", "x5u", "x5t", "x"]
)


def documented(outcome: AccessToken | CallerError) -> None:
    """Assert that it is a token, or a refusal whose every word fits a header, a log line and a metric's label."""
    if isinstance(outcome, AccessToken):
        assert outcome.claims["iss"] == ISSUER
        json.dumps(dict(outcome.claims)).encode()
    else:
        assert re.fullmatch(r"[a-z0-9_]{3,40}", outcome.reason)
        assert str(challenge(outcome)).isprintable()
        assert str(challenge(outcome)).isascii()


@PROPERTY
@given(st.lists(st.binary(max_size=200), max_size=3))
@example([b"Bearer " + b"." * 4000])
@example([b"Bearer " + b"a" * 100_000 + b"!"])
def test_no_header_line_makes_anything_else(keys: KeysAtHand, authorization: list[bytes]) -> None:
    documented(verdict(keys, authorization))


@PROPERTY
@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300))
def test_no_bytes_in_the_three_parts_make_anything_else(
    keys: KeysAtHand, head: bytes, payload: bytes, signature: bytes
) -> None:
    token = ".".join(base64url(part) for part in (head, payload, signature))
    documented(verdict(keys, [b"Bearer " + token.encode()]))


@PROPERTY
@given(st.binary(max_size=300))
def test_no_signed_bytes_in_the_payload_make_anything_else(keys: KeysAtHand, forge: Forge, payload: bytes) -> None:
    documented(verdict(keys, [b"Bearer " + forge.signed(good_header(), payload).encode()]))


@PROPERTY
@given(ODD_VALUE)
def test_no_json_value_for_a_payload_makes_anything_else(keys: KeysAtHand, forge: Forge, value: object) -> None:
    payload = json.dumps(value).encode()
    documented(verdict(keys, [b"Bearer " + forge.signed(good_header(), payload).encode()]))


@PROPERTY
@given(st.dictionaries(CLAIM_NAME, ODD_VALUE, max_size=4))
@example({"exp": float("inf")})
@example({"sub": "\ud800"})
@example({"aud": [AUDIENCE, float("nan")]})
def test_no_value_of_a_claim_makes_anything_else(keys: KeysAtHand, forge: Forge, changes: dict[str, Any]) -> None:
    payload = json.dumps(user_claims(NOW) | changes).encode()
    documented(verdict(keys, [b"Bearer " + forge.signed(good_header(), payload).encode()]))


@PROPERTY
@given(st.dictionaries(HEADER_NAME | ODD_TEXT, ODD_VALUE, max_size=4))
@example({"alg": ["RS256"]})
@example({"kid": {"key-0": 1}})
@example({"typ": "\u212a"})
def test_no_value_in_a_header_makes_anything_else(keys: KeysAtHand, forge: Forge, changes: dict[str, Any]) -> None:
    head = json.dumps({"alg": "RS256", "kid": "key-0"} | changes).encode()
    documented(verdict(keys, [b"Bearer " + forge.signed(head, json.dumps(user_claims(NOW)).encode()).encode()]))


@PROPERTY
@given(st.data())
def test_no_single_change_of_a_good_tokens_text_passes(keys: KeysAtHand, forge: Forge, data: st.DataObject) -> None:
    token = forge.token()
    position = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.characters(max_codepoint=255).filter(lambda other: other != token[position]))
    changed = token[:position] + character + token[position + 1 :]
    assert isinstance(verdict(keys, [b"Bearer " + changed.encode("latin-1")]), CallerError)


@PROPERTY
@given(ODD_VALUE)
def test_strict_json_reads_what_json_reads_or_refuses(value: object) -> None:
    text = json.dumps(value)
    try:
        read = strict_json.loads(text.encode())
    except StrictJsonError:
        return
    assert json.dumps(read) == text


@PROPERTY
@given(ODD_VALUE)
@example({"keys": [{"kty": "RSA", "kid": "k", "n": "\u0660", "e": "AQAB"}]})
@example({"keys": [{"kty": "EC", "kid": "k", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}]})
def test_any_json_value_gives_a_jwk_set_or_a_value_error(value: object) -> None:
    for document in (value, {"keys": value}, {"keys": [value]}):
        try:
            assert JwkSet.parse(document, SUPPORTED_ALGORITHMS).keys
        except ValueError:
            continue


@PROPERTY
@given(
    st.dictionaries(
        st.sampled_from(["kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y", "d"]),
        ODD_VALUE | st.sampled_from(["RSA", "EC", "P-256", "AQAB", "sig", "RS256"]),
        max_size=6,
    )
)
def test_no_member_of_a_key_harms_its_neighbour(issuer: Issuer, changes: dict[str, Any]) -> None:
    good = public_jwk(issuer.keys["key-0"], "good")
    keys = JwkSet.parse({"keys": [good | {"kid": "odd"} | changes, good]}, ["RS256"])
    assert ("good", "RS256") in keys.keys or changes.get("kid") == "good"
