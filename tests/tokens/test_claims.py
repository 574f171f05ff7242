"""What the tables do not say: bounds that differ from one deployment to the next, and the token's own manners."""

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidTokenError
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, user_claims
from auth0_sso.tokens.claims import AccessToken, TokenPolicy, end_of, find_issuer, require_alive, validate
from support.refusal_reasons import documented_sentence
from support.token_cases import NOW

EXACT = TokenPolicy(ISSUER, frozenset({AUDIENCE}))


def token(policy: TokenPolicy = EXACT, **claims: object) -> AccessToken:
    return validate(user_claims(NOW, **claims), policy, NOW)


def refusal(policy: TokenPolicy = EXACT, **claims: object) -> str:
    with pytest.raises(InvalidTokenError) as caught:
        token(policy, **claims)
    assert caught.value.detail == documented_sentence(caught.value.reason)
    return caught.value.reason


def death(token: AccessToken, policy: TokenPolicy, now: float) -> str | None:
    try:
        require_alive(token, policy, WallTime(now))
    except InvalidTokenError as error:
        refused = error
    else:
        return None
    assert refused.detail == documented_sentence(refused.reason)
    return refused.reason


def test_without_leeway_times_are_exact() -> None:
    made = token(exp=NOW + 60, nbf=NOW, iat=NOW)
    assert death(made, EXACT, NOW - 0.001) == "not_yet_valid"
    assert death(made, EXACT, NOW) is None
    assert death(made, EXACT, NOW + 59.999) is None
    assert death(made, EXACT, NOW + 60) == "expired"
    assert death(token(iat=NOW), EXACT, NOW - 0.001) == "iat_in_future"


def test_leeway_moves_each_time() -> None:
    policy = dataclasses.replace(EXACT, leeway=5, max_age=30)
    made = token(exp=NOW + 60, nbf=NOW)
    assert death(made, policy, NOW - 5.001) == "not_yet_valid"
    assert death(made, policy, NOW - 5) is None
    assert death(made, policy, NOW + 34.999) is None
    assert death(made, policy, NOW + 35) == "too_old"
    assert death(made, policy, NOW + 65) == "expired"


def test_a_token_can_be_too_old_before_it_expires() -> None:
    policy = dataclasses.replace(EXACT, max_age=3600)
    assert token(policy, iat=NOW - 3599).issued_at == NOW - 3599
    assert refusal(policy, iat=NOW - 3600) == "too_old"
    assert token(EXACT, iat=NOW - 3600).issued_at == NOW - 3600


@pytest.mark.parametrize("max_age", [None, 3600, 1_000_000])
@pytest.mark.parametrize("leeway", [0, 10])
def test_the_end_of_a_token_is_when_it_is_first_refused(max_age: float | None, leeway: float) -> None:
    policy = dataclasses.replace(EXACT, max_age=max_age, leeway=leeway)
    made = token(policy)
    end = end_of(made, policy)
    assert death(made, policy, end - 1) is None
    assert death(made, policy, end) in {"expired", "too_old"}


@pytest.mark.parametrize("claims", [{"azp": "spa"}, {"azp": ..., "client_id": "spa"}], ids=["azp", "client_id"])
def test_with_a_list_of_clients_only_their_tokens_are_accepted(claims: dict[str, Any]) -> None:
    policy = dataclasses.replace(EXACT, clients=frozenset({"spa", "app"}))
    assert token(policy, **claims).client_id == "spa"
    assert refusal(policy, azp="other") == "client_not_allowed"
    assert refusal(policy, azp=...) == "client_not_allowed"
    assert refusal(policy, azp="spa", client_id="other") == "client_id_mismatch"


def test_a_wrong_issuer_is_reported_before_any_other_error() -> None:
    assert refusal(iss="https://other.example.com/", exp="never", aud=7) == "iss_mismatch"
    with pytest.raises(InvalidTokenError) as caught:
        find_issuer({"exp": "never"}, {EXACT.issuer: EXACT})
    assert caught.value.reason == "iss_missing"


def test_a_refusal_names_the_claim_and_repeats_no_value() -> None:
    with pytest.raises(InvalidTokenError) as caught:
        token(sub="evil\nvalue")
    assert caught.value.detail == "The access token's sub claim is malformed."
    assert "evil" not in f"{caught.value!r}{caught.value.reason}"


def test_the_repr_of_a_token_does_not_show_its_claims() -> None:
    claims: dict[str, Any] = {"https://example.com/secret": "s3cret"}
    made = token(**claims)
    assert made.claims["https://example.com/secret"] == "s3cret"
    assert "s3cret" not in repr(made)
    with pytest.raises(TypeError):
        made.claims["sub"] = "auth0|admin"  # type: ignore[index]  # that it is refused is the test
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.subject = "auth0|admin"  # type: ignore[misc]  # that it is refused is the test


def test_a_verified_token_is_what_its_own_class_makes() -> None:
    made = token(org_id="org_1")
    same = AccessToken(**{field.name: getattr(made, field.name) for field in dataclasses.fields(made)})
    assert (type(made), made, repr(made)) == (AccessToken, same, repr(same))
    assert dataclasses.replace(made, subject="auth0|2").subject == "auth0|2"
    assert copy.copy(made) == pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - our own bytes


def test_claims_are_read_only_at_every_level_and_arrays_are_tuples() -> None:
    name = "https://example.com/nested"
    changed: dict[str, Any] = {name: [{"roles": ["viewer"]}], "permissions": ["read:data"]}
    made = token(**changed)
    assert made.claims["permissions"] == ("read:data",)
    assert made.claims[name] == ({"roles": ("viewer",)},)
    nested: Any = made.claims[name]
    with pytest.raises(TypeError):
        nested[0]["roles"] = ("admin",)


def test_claims_do_not_change_with_their_source() -> None:
    claims = user_claims(NOW, permissions=["read:data"])
    made = validate(claims, EXACT, NOW)
    claims["permissions"].append("write:data")
    claims["sub"] = "auth0|admin"
    assert (made.claims["permissions"], made.claims["sub"]) == (("read:data",), made.subject)


def log_detail(policy: TokenPolicy = EXACT, /, **claims: object) -> str | None:
    with pytest.raises(InvalidTokenError) as caught:
        token(policy, **claims)
    assert caught.value.log_detail is None or caught.value.log_detail not in caught.value.detail
    return caught.value.log_detail


def test_another_audience_is_for_the_log_expected_beside_found() -> None:
    two = dataclasses.replace(EXACT, audiences=frozenset({"https://b/", "https://a"}))
    assert log_detail(two, aud=["https://c", "https://a/"]) == (
        "expected 'https://a' or 'https://b/', found 'https://c' and 'https://a/'"
    )


def test_another_issuer_is_for_the_log_expected_beside_found() -> None:
    assert log_detail(iss=ISSUER.rstrip("/")) == f"expected '{ISSUER}', found '{ISSUER.rstrip('/')}'"


def test_what_a_token_says_is_escaped_and_bounded_for_the_log() -> None:
    said = log_detail(aud=["https://a/\r\n2026-01-01 INFO forged \u202e\x1b[2J"])
    assert str(said).endswith("found 'https://a/\\r\\n2026-01-01 INFO forged \\u202e\\x1b[2J'")
    for aud in ("x" * 500, ["x" * 400] * 9, ["\u202e" * 400]):
        assert len(str(log_detail(aud=aud))) < 300


@pytest.mark.parametrize("claims", [{"sub": ""}, {"aud": []}, {"iss": 7}, {"exp": 0}, {"gty": 7}], ids=str)
def test_no_other_refusal_says_what_a_token_said(claims: dict[str, object]) -> None:
    assert log_detail(EXACT, **claims) is None
