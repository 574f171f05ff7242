from typing import Any

import pytest

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidTokenError
from auth0_sso.testing.issuer import Issuer
from auth0_sso.tokens import jws
from auth0_sso.tokens.logout_token import LOGOUT_TOKEN_TYPES, LogoutPolicy, LogoutToken, validate_logout

NOW = WallTime(1_790_000_000.0)
ISSUER = "https://tenant.example.com/"
POLICY = LogoutPolicy(ISSUER, frozenset({"spa", "mobile"}))
EVENT = "http://schemas.openid.net/event/backchannel-logout"
# As decoded from Auth0's documentation: "trace_id" is Auth0's own.
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "auth0|1",
    "aud": "spa",
    "iat": int(NOW),
    "exp": int(NOW) + 120,
    "jti": "one",
    "events": {EVENT: {}},
    "sid": "session",
    "trace_id": "abc",
}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in CLAIMS.items() if name not in names}


def reason(claims: dict[str, Any]) -> str:
    with pytest.raises(InvalidTokenError) as raised:
        validate_logout(claims, POLICY, NOW)
    return raised.value.reason


def test_a_logout_token_of_auth0_is_accepted() -> None:
    assert validate_logout(CLAIMS, POLICY, NOW) == LogoutToken(ISSUER, "auth0|1", "session", NOW, "one")


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(without("sid"), id="subject-alone"),
        pytest.param(without("sub"), id="session-alone"),
        pytest.param(CLAIMS | {"aud": ["other", "mobile"]}, id="one-of-the-audiences"),
        pytest.param(CLAIMS | {"events": {EVENT: {}, "other": {}}}, id="another-event-too"),
        pytest.param(CLAIMS | {"iat": NOW - 300}, id="five-minutes-old"),
        pytest.param(CLAIMS | {"exp": NOW}, id="within-the-leeway"),
    ],
)
def test_these_are_accepted_too(claims: dict[str, Any]) -> None:
    assert validate_logout(claims, POLICY, NOW).id == "one"


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        pytest.param(CLAIMS | {"iss": "https://other.example.com/"}, "iss_mismatch", id="iss-other"),
        pytest.param(CLAIMS | {"iss": ISSUER.rstrip("/")}, "iss_mismatch", id="iss-without-slash"),
        pytest.param(without("iss"), "iss_mismatch", id="iss-missing"),
        pytest.param(CLAIMS | {"aud": "https://api.example.com"}, "aud_mismatch", id="aud-api"),
        pytest.param(CLAIMS | {"aud": []}, "aud_mismatch", id="aud-empty"),
        pytest.param(CLAIMS | {"aud": [1, None]}, "aud_mismatch", id="aud-numbers"),
        pytest.param(without("aud"), "aud_mismatch", id="aud-missing"),
        pytest.param(without("events"), "events_mismatch", id="events-missing"),
        pytest.param(CLAIMS | {"events": {}}, "events_mismatch", id="events-empty"),
        pytest.param(CLAIMS | {"events": [EVENT]}, "events_mismatch", id="events-list"),
        pytest.param(CLAIMS | {"events": {EVENT: None}}, "events_mismatch", id="event-null"),
        pytest.param(CLAIMS | {"events": {EVENT: "text"}}, "events_mismatch", id="event-text"),
        pytest.param(CLAIMS | {"nonce": "n"}, "nonce", id="nonce"),
        pytest.param(CLAIMS | {"nonce": None}, "nonce", id="nonce-null"),
        pytest.param(without("sub", "sid"), "sub_missing", id="sub-and-sid-missing"),
        pytest.param(CLAIMS | {"sub": ""}, "sub_invalid", id="sub-empty"),
        pytest.param(CLAIMS | {"sid": 1}, "sid_invalid", id="sid-number"),
        pytest.param(CLAIMS | {"sub": "a" * 513}, "sub_invalid", id="sub-long"),
        pytest.param(without("jti"), "jti_missing", id="jti-missing"),
        pytest.param(without("iat"), "iat_missing", id="iat-missing"),
        pytest.param(without("exp"), "exp_missing", id="exp-missing"),
        pytest.param(CLAIMS | {"iat": "1"}, "iat_invalid", id="iat-text"),
        pytest.param(CLAIMS | {"exp": True}, "exp_invalid", id="exp-boolean"),
        pytest.param(CLAIMS | {"exp": NOW - 10}, "expired", id="expired"),
        pytest.param(CLAIMS | {"iat": NOW - 310, "exp": NOW + 1000}, "too_old", id="too-old"),
        pytest.param(CLAIMS | {"iat": NOW + 11}, "iat_in_future", id="from-the-future"),
    ],
)
def test_a_logout_token_with_these_claims_is_refused(claims: dict[str, Any], fault: str) -> None:
    assert reason(claims) == f"logout_{fault}"


@pytest.mark.parametrize("typ", ["JWT", "logout+jwt", "application/logout+jwt"])
def test_auth0s_type_and_that_of_the_standard_are_parsed(typ: str, issuer: Issuer) -> None:
    text = issuer.token(CLAIMS, header={"typ": typ}).encode()
    assert jws.parse(text, ("RS256",), LOGOUT_TOKEN_TYPES).unverified_claims["jti"] == "one"
