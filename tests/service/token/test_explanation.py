"""The explanation agrees with the verifier about every token of the tables, and shows no signature."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidTokenError, KeysUnavailableError
from auth0_sso.service.token.explanation import Explanation, check_of, explain
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import REFUSED, Forge, Refused
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer, public_jwk
from auth0_sso.tokens.bearer import read_bearer_token
from auth0_sso.tokens.claims import TokenPolicy
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS, JwkSet, VerificationKey
from auth0_sso.tokens.verifier import KeySource, TokenVerifier
from support.accepted_tokens import ACCEPTED
from support.token_cases import NOW, POLICY, Accepted, KeysAtHand

BEFORE_THE_TOKEN = {"missing_token", "scheme_unsupported", "authorization_repeated", "credentials_malformed"}
REFUSED_TOKENS = [case for case in REFUSED if case.reason not in BEFORE_THE_TOKEN]


class NoKeys:
    """A `KeySource` whose issuer cannot be reached."""

    current: JwkSet | None = None

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:  # noqa: ARG002 - the protocol's
        raise KeysUnavailableError("connection_refused", retry_after=1)


async def explained(keys: KeySource, token: str, *, policy: TokenPolicy = POLICY, now: float = NOW) -> Explanation:
    verifier = TokenVerifier(keys, policy, algorithms=SUPPORTED_ALGORITHMS, clock=HandClock(now))
    return await explain(token, verifier, now=WallTime(now))


def refused_checks(explanation: Explanation) -> set[str]:
    return {check.name for check in explanation.checks if check.outcome == "refused"}


@pytest.mark.parametrize("case", REFUSED_TOKENS, ids=lambda case: case.id)
async def test_a_refused_token_has_the_verifiers_reason_at_its_check(
    forge: Forge, issuer: Issuer, case: Refused
) -> None:
    token = read_bearer_token(case.build(forge))
    explanation = await explained(KeysAtHand.of(issuer), token)
    assert not explanation.accepted
    assert explanation.reason == case.reason
    assert check_of(case.reason) in refused_checks(explanation)
    assert explanation.advice


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
async def test_an_accepted_token_passes_every_check(forge: Forge, issuer: Issuer, case: Accepted) -> None:
    token = read_bearer_token(case.build(forge))
    explanation = await explained(KeysAtHand.of(issuer), token)
    assert explanation.accepted
    assert explanation.reason is None
    assert {check.outcome for check in explanation.checks} == {"passed"}
    assert explanation.token is not None


@pytest.mark.parametrize("case", [*REFUSED_TOKENS, *ACCEPTED], ids=lambda case: case.id)
async def test_no_explanation_shows_a_signature_or_a_control_character(
    forge: Forge, issuer: Issuer, case: Refused | Accepted
) -> None:
    token = read_bearer_token(case.build(forge))
    explanation = await explained(KeysAtHand.of(issuer), token)
    for check in explanation.checks:
        assert check.found.isprintable()
        assert len(check.found) < 320
    shown = json.dumps([check.found for check in explanation.checks]) + explanation.detail + explanation.advice
    signature = token.rpartition(".")[2]
    assert len(signature) < 20 or signature not in shown
    assert len(token) < 20 or token not in shown


CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "iss": st.sampled_from([ISSUER, ISSUER.rstrip("/"), "https://other.example.com/", 1, None]),
        "aud": st.sampled_from([AUDIENCE, f"{AUDIENCE}/", [AUDIENCE], [], ["x", 1], 7, None]),
        "sub": st.sampled_from(["auth0|1", "", 5, "a\nb"]),
        "iat": st.sampled_from([NOW, NOW + 5, NOW + 60, -1, "1", True, 1e300]),
        "exp": st.sampled_from([NOW + 60, NOW, NOW - 9, NOW - 10, "x", None]),
        "nbf": st.sampled_from([NOW, NOW + 10, NOW + 11, [], False]),
        "azp": st.sampled_from(["spa-client", "other", 1]),
        "scope": st.sampled_from(["openid", ["openid"], 1]),
        "permissions": st.sampled_from([[], ["read:data"], "read:data", [1]]),
        "org_id": st.sampled_from(["org_1", 1]),
        "gty": st.sampled_from(["password", 1]),
        "nonce": st.just("n"),
        "cnf": st.just({}),
    },
)
POLICIES = st.sampled_from(
    [
        POLICY,
        TokenPolicy(ISSUER, frozenset({AUDIENCE}), leeway=10, clients=frozenset({"spa-client"})),
        TokenPolicy(ISSUER, frozenset({AUDIENCE}), leeway=0, max_age=30),
    ]
)


@settings(max_examples=300, deadline=None)
@given(changes=CLAIMS, policy=POLICIES)
def test_any_token_is_accepted_exactly_when_the_verifier_accepts_it(
    forge: Forge, issuer: Issuer, changes: dict[str, object], policy: TokenPolicy
) -> None:
    token = forge.token(**changes)
    keys = KeysAtHand.of(issuer)

    async def both() -> tuple[str | None, Explanation]:
        verifier = TokenVerifier(keys, policy, algorithms=SUPPORTED_ALGORITHMS, clock=HandClock(NOW))
        try:
            await verifier.verify(token)
            reason = None
        except InvalidTokenError as error:
            reason = error.reason
        return reason, await explained(keys, token, policy=policy)

    reason, explanation = asyncio.run(both())
    assert explanation.reason == reason
    assert explanation.accepted == (reason is None)
    refused = refused_checks(explanation)
    assert not refused if reason is None else check_of(reason) in refused


async def test_all_that_is_wrong_is_shown_at_once(forge: Forge, issuer: Issuer) -> None:
    token = forge.token(aud="https://other.example.com", exp=NOW - 3600, iss="https://other.example.com/")
    explanation = await explained(KeysAtHand.of(issuer), token)
    assert explanation.reason == "iss_mismatch"
    found = {check.name: check for check in explanation.checks}
    assert refused_checks(explanation) == {"iss", "aud", "exp"}
    assert found["iss"].expected == ISSUER
    assert found["iss"].found == "https://other.example.com/"
    assert found["exp"].found.endswith("(60 minutes ago)")
    assert found["signature"].outcome == "not checked"


async def test_an_audience_that_differs_by_a_slash_is_named(forge: Forge, issuer: Issuer) -> None:
    explanation = await explained(KeysAtHand.of(issuer), forge.token(aud=f"{AUDIENCE}/"))
    assert explanation.reason == "aud_mismatch"
    assert f"AUTH0_AUDIENCE={AUDIENCE}/," in explanation.advice


OPAQUE = "PPlGNh1wLQbJznsdLCx5XFb04ZPKzPxL"
ENCRYPTED = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiaXNzIjoiaHR0cHM6Ly90LmV1LmF1dGgwLmNvbS8ifQ..aaaa.bbbb.cccc"


@pytest.mark.parametrize(("token", "reason"), [(OPAQUE, "token_opaque"), (ENCRYPTED, "token_encrypted")])
async def test_a_token_for_no_api_is_told_to_request_an_audience(issuer: Issuer, token: str, reason: str) -> None:
    explanation = await explained(KeysAtHand.of(issuer), token)
    assert explanation.reason == reason
    assert f"must request the audience {AUDIENCE}" in explanation.advice
    assert all(token not in check.found for check in explanation.checks)


async def test_without_keys_the_token_is_neither_accepted_nor_refused(forge: Forge) -> None:
    explanation = await explained(NoKeys(), forge.token())
    assert explanation.keys_unavailable
    assert not explanation.accepted
    outcomes = {check.name: check.outcome for check in explanation.checks}
    assert (outcomes["iss"], outcomes["kid"], outcomes["signature"]) == ("passed", "not checked", "not checked")
    assert "auth0-sso doctor" in explanation.advice


async def test_a_key_that_the_issuer_lacks_is_refused_at_the_kid(forge: Forge, issuer: Issuer) -> None:
    keys = KeysAtHand(JwkSet.parse({"keys": [public_jwk(issuer.keys["key-1"], "key-1")]}, ("RS256",)))
    explanation = await explained(keys, forge.token())
    assert explanation.reason == "kid_unknown"
    assert refused_checks(explanation) == {"kid"}
