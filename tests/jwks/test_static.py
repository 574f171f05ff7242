import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from auth0_sso.errors import ConfigurationError, InvalidTokenError
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, SUBJECT, Issuer, user_claims
from auth0_sso.tokens.claims import TokenPolicy
from auth0_sso.tokens.verifier import TokenVerifier


def _forms(
    jwks: dict[str, list[dict[str, object]]], path: Path
) -> dict[str, Mapping[str, object] | str | bytes | Path]:
    text = json.dumps(jwks)
    path.write_text(text)
    return {"dict": jwks, "text": text, "bytes": text.encode(), "path": path}


@pytest.mark.parametrize("form", ["dict", "text", "bytes", "path"])
async def test_a_set_verifies_tokens_in_every_form_it_may_be_given(
    issuer: Issuer, tmp_path: Path, clock: HandClock, form: str
) -> None:
    keys = StaticKeys(_forms(issuer.jwks("key-0"), tmp_path / "jwks.json")[form])
    verifier = TokenVerifier(keys, TokenPolicy(ISSUER, frozenset({AUDIENCE})), clock=clock)
    token = await verifier.verify(issuer.token(user_claims(clock.now)))
    assert token.subject == SUBJECT


async def test_a_key_of_the_set_is_found_by_kid_and_algorithm(issuer: Issuer) -> None:
    keys = StaticKeys(issuer.jwks("key-0", "key-1"))
    found = await keys.find_key("key-1", "RS256")
    assert (found.key_id, found.algorithm) == ("key-1", "RS256")


@pytest.mark.parametrize(("kid", "algorithm"), [("key-1", "RS256"), ("key-0", "RS512")])
async def test_a_kid_or_algorithm_outside_the_set_is_refused(issuer: Issuer, kid: str, algorithm: str) -> None:
    with pytest.raises(InvalidTokenError) as raised:
        await StaticKeys(issuer.jwks("key-0")).find_key(kid, algorithm)
    assert raised.value.reason == "kid_unknown"
    assert raised.value.detail == "The access token is signed with a key this issuer does not have."


def test_the_health_is_fresh_and_counts_each_kid_once(issuer: Issuer) -> None:
    jwks = issuer.jwks("key-0", "key-1")
    for key in jwks["keys"]:
        del key["alg"]
    keys = StaticKeys(jwks, algorithms=("RS256", "PS256"))
    assert keys.health == KeysHealth("fresh", 2, None, 0.0, 0, None)
    assert keys.current is keys.current


def test_a_key_that_cannot_be_used_is_logged_and_left_out(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    jwks = issuer.jwks("key-0", "key-1")
    jwks["keys"][1]["use"] = "enc"
    with caplog.at_level(logging.WARNING):
        assert StaticKeys(jwks).health.keys == 1
    assert caplog.messages == ["a key of the JWK Set is left out: its use is not sig"]


@pytest.mark.parametrize(
    ("jwks", "fault"),
    [
        pytest.param({}, "not a JWK Set", id="no-keys-member"),
        pytest.param({"keys": []}, "no usable key in the JWK Set", id="empty"),
        pytest.param("{", "not_json", id="not-json"),
        pytest.param('{"keys": [], "keys": []}', "duplicate_member", id="duplicate-member"),
        pytest.param("\ud800", "not_utf8", id="lone-surrogate"),
    ],
)
def test_a_set_without_a_usable_key_is_a_configuration_error(jwks: dict[str, object] | str, fault: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        StaticKeys(jwks)
    assert raised.value.problems == (f"the JWK Set cannot be used: {fault}",)


def test_a_missing_file_is_a_configuration_error_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        StaticKeys(tmp_path / "missing.json")
    assert raised.value.problems == ("the JWK Set cannot be read: No such file or directory",)
