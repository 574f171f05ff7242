"""docs/troubleshooting.md: each text of ours on it is what the code says, in a response or in the log."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import Depends, FastAPI

from auth0_sso import (
    UserToken,
    current_token,
    protect,
    rate_limit,
    require_organization,
    require_permission,
    require_role,
    require_scope,
    testing,
)
from auth0_sso.clock import WallTime
from auth0_sso.errors import ClientRefusedError
from auth0_sso.http.bounded_http import BoundedResponse
from auth0_sso.jwks.freshness import Freshness
from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.oauth.token_refusals import HINTS, refusal_of
from auth0_sso.service.cli import main
from auth0_sso.testing import AppUnderTest, ClientFactory
from support.misbehaving_server import garbage, hang, peer, refusing_port, wire_client
from support.tenant_keys import outage

PAGE = (Path(__file__).parent.parent / "docs" / "troubleshooting.md").read_text()


def rows(heading: str) -> dict[str, str]:
    """Return the first two cells of the rows below a heading that begin with a reason."""
    _, _, section = PAGE.partition(f"\n## {heading}\n")
    section = re.split(r"^## ", section, maxsplit=1, flags=re.MULTILINE)[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", section, re.MULTILINE))


REFUSED = rows("401: the token is refused") | rows("403: insufficient scope") | rows("429: too many requests")
UNREACHABLE = rows("503: Auth0 cannot be reached")


def matches(documented: str, said: str) -> bool:
    """Return whether a text is the documented one, in which `…` stands for what varies."""
    return re.fullmatch(".+".join(map(re.escape, documented.split("…"))), said) is not None


@pytest.fixture
def app() -> FastAPI:
    guards = {
        "/token": current_token,
        "/permission": require_permission("read:orders"),
        "/scope": require_scope("read:orders"),
        "/role": require_role("admin"),
        "/organization": require_organization(),
        "/limited": rate_limit("1/minute"),
    }
    app = FastAPI()
    for path, guard in guards.items():
        app.get(path, dependencies=[Depends(guard)])(lambda: None)

    @app.get("/user")
    async def show_user(token: UserToken) -> None: ...

    return protect(app)


Request = tuple[Callable[[AppUnderTest], httpx.Client], str]


def bearing(make: Callable[[], str]) -> Callable[[AppUnderTest], httpx.Client]:
    return lambda api: api.as_bearer(make())


SCENARIOS: dict[str, Request] = {
    "missing_token": (lambda api: api.as_anonymous(), "/token"),
    "token_opaque": (bearing(testing.opaque), "/token"),
    "id_token": (bearing(testing.id_token), "/token"),
    "aud_mismatch": (bearing(testing.wrong_audience), "/token"),
    "iss_mismatch": (bearing(testing.wrong_issuer), "/token"),
    "expired": (bearing(testing.expired), "/token"),
    "iat_in_future": (bearing(testing.issued_in_future), "/token"),
    "not_yet_valid": (bearing(testing.not_yet_valid), "/token"),
    "kid_unknown": (bearing(testing.unknown_key), "/token"),
    "alg_symmetric": (bearing(testing.symmetric), "/token"),
    "signature_mismatch": (bearing(testing.wrong_key), "/token"),
    "permission_missing": (lambda api: api.as_user(), "/permission"),
    "scope_missing": (lambda api: api.as_user(), "/scope"),
    "role_missing": (lambda api: api.as_user(), "/role"),
    "no_user": (lambda api: api.as_machine("robot"), "/user"),
    "organization_missing": (lambda api: api.as_user(), "/organization"),
    "rate_limited": (lambda api: api.as_user(), "/limited"),
    "authentication_failures": (bearing(testing.opaque), "/token"),
}


def test_every_reason_of_the_page_is_tried_below() -> None:
    assert REFUSED.keys() == SCENARIOS.keys()
    assert UNREACHABLE.keys() == {
        "dns_failed",
        "connection_refused",
        "timeout",
        "certificate_invalid",
        "tls_failed",
        "discovery_issuer_mismatch",
    }


@pytest.mark.parametrize("reason", REFUSED)
def test_the_response_says_what_the_page_says(
    app: FastAPI, auth0_client: ClientFactory, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    client_of, path = SCENARIOS[reason]
    api = auth0_client(app, settings=testing.settings(auth_failure_rate_limit="1/minute"))
    client = client_of(api)
    if reason in {"rate_limited", "authentication_failures"}:
        client.get(path)
    answer = client.get(path)
    assert answer.json()["detail"] == REFUSED[reason]
    assert re.search(rf"refused: {reason}( \(|$)", caplog.messages[-1])


async def test_the_log_says_of_an_unreachable_tenant_what_the_page_says(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wire_client() as client:
        with refusing_port() as refusing:
            await outage(RemoteJwks(client, refusing))
        async with peer(hang) as hanging:
            await outage(RemoteJwks(client, hanging, freshness=Freshness(timeout=0.15)))
        async with peer(garbage, head=b"") as plain:
            await outage(RemoteJwks(client, plain.replace("http:", "https:")))
        await outage(RemoteJwks(client, "https://tenant.invalid/"))
    said = dict(re.findall(r": (\w+) \((.+?)\); next attempt", caplog.text))
    assert said.keys() == {"connection_refused", "timeout", "tls_failed", "dns_failed"}
    for reason, words in said.items():
        assert matches(UNREACHABLE[reason], words), (reason, words)


def test_the_example_of_an_unreachable_tenant_is_as_the_table_says() -> None:
    [words] = re.findall(
        r"^signing keys could not be fetched .+: dns_failed \((.+)\); next attempt", PAGE, re.MULTILINE
    )
    assert matches(UNREACHABLE["dns_failed"], words)


def test_each_token_failure_has_a_section_that_its_log_line_names() -> None:
    sections = re.findall(r"^### (token_\w+)$", PAGE, re.MULTILINE)
    assert set(sections) == HINTS.keys()


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("token_client_refused", 401),
        ("token_grant_missing", 403),
        ("token_audience_unknown", 403),
        ("token_grant_type_not_allowed", 403),
    ],
)
def test_auth0s_words_in_a_section_are_what_leads_to_it(reason: str, status: int) -> None:
    section = PAGE.partition(f"### {reason}\n")[2]
    [words, *_] = re.findall(r"Auth0 says `(.+?)`", section)
    error = "unauthorized_client" if reason == "token_grant_type_not_allowed" else "access_denied"
    body = httpx.Response(status, json={"error": error, "error_description": words}).content
    refused = refusal_of(BoundedResponse(status, httpx.Headers(), body), sent=[], now=WallTime(0))
    assert isinstance(refused, ClientRefusedError)
    assert refused.reason == reason
    assert f"docs/troubleshooting.md#{reason}" in str(refused.log_detail)


def test_the_example_of_a_token_failure_is_a_logged_line() -> None:
    body = httpx.Response(401, json={"error": "access_denied", "error_description": "Unauthorized"}).content
    refused = refusal_of(
        BoundedResponse(401, httpx.Headers({"X-Auth0-RequestId": "0a"}), body), sent=[], now=WallTime(0)
    )
    [line] = re.findall(r"^no Management API token: (.+?); next attempt in 1 s at the earliest$", PAGE, re.MULTILINE)
    assert matches(line, f"{refused.reason} ({refused.log_detail})")


@pytest.mark.usefixtures("clean_environment")
def test_a_start_without_settings_says_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve"])
    assert caught.value.code == 78
    assert "`The settings cannot be used:`" in PAGE
    assert "The settings cannot be used:" in capsys.readouterr().err
