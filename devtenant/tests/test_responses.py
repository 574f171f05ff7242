"""The four response modes and the response types of /authorize."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from auth0_devtenant import TenantOptions

from . import seeds
from .visitor import ADMIN, REDIRECT_URI, Visitor, query_of, segments


@pytest.fixture
def options() -> TenantOptions:
    return seeds.options()


def fragment_of(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    location = urlsplit(answer.headers["Location"])
    assert not location.query
    return {name: values[0] for name, values in parse_qs(location.fragment).items()}


def form_of(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    assert f'<form method="post" action="{REDIRECT_URI}">' in answer.text
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', answer.text)
    return {name: unescape(value) for name, value in fields}


def message_of(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    """Return target origin and response of a web message."""
    assert answer.status_code == 200, answer.text
    found = re.search(r'data-origin="([^"]*)" data-response="([^"]*)"', answer.text)
    assert found is not None, answer.text
    return unescape(found[1]), json.loads(unescape(found[2]))


def half_hash(value: str) -> str:
    return urlsafe_b64encode(sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


async def test_a_silent_login_without_a_session_posts_login_required(visitor: Visitor) -> None:
    answer = await visitor.authorize(prompt="none", response_mode="web_message")
    origin, response = message_of(answer)
    assert origin == seeds.ORIGIN
    assert response == {"error": "login_required", "error_description": "Login required", "state": "the-state"}


async def test_a_silent_login_posts_a_code_that_can_be_redeemed(visitor: Visitor) -> None:
    await visitor.log_in()
    _, response = message_of(await visitor.authorize(prompt="none", response_mode="web_message"))
    assert response.keys() == {"code", "state"}
    assert (await visitor.redeem(response["code"])).status_code == 200


async def test_a_login_in_a_popup_ends_with_a_web_message(visitor: Visitor) -> None:
    answer = await visitor.log_in(response_mode="web_message")
    origin, response = message_of(answer)
    assert (origin, response["state"]) == (seeds.ORIGIN, "the-state")
    assert "auth0=" in answer.headers["Set-Cookie"]


async def test_only_the_origin_of_the_application_can_frame_a_web_message(visitor: Visitor) -> None:
    answer = await visitor.authorize(prompt="none", response_mode="web_message")
    policy = answer.headers["Content-Security-Policy"]
    assert f"frame-ancestors {seeds.ORIGIN};" in policy
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert policy.endswith(f"script-src 'sha256-{digest}'")


async def test_a_web_message_needs_a_registered_origin(visitor: Visitor) -> None:
    changes: dict[str, str | None] = {"client_id": "web", "response_mode": "web_message", "prompt": "none"}
    answer = await visitor.authorize(**changes)
    assert answer.status_code == 400
    assert "does not have a registered origin" in answer.text
    assert "<script" not in answer.text


async def test_a_state_cannot_break_out_of_a_page(visitor: Visitor) -> None:
    state = "'\"></p><script>alert(1)</script>"
    for mode in ("web_message", "form_post"):
        answer = await visitor.authorize(prompt="none", response_mode=mode, state=state)
        assert answer.text.count("<script>") == 1, mode
        assert "alert(1)</script>" not in answer.text
    _, response = message_of(await visitor.authorize(prompt="none", response_mode="web_message", state=state))
    assert response["state"] == state


async def test_form_post_posts_the_id_token_with_its_nonce(visitor: Visitor) -> None:
    answer = await visitor.log_in(
        client_id="web", response_type="id_token", response_mode="form_post", nonce="n", code_challenge=None
    )
    form = form_of(answer)
    assert form.keys() == {"id_token", "state"}
    claims = segments(form["id_token"])[1]
    assert (claims["nonce"], claims["aud"], claims["email"]) == ("n", "web", ADMIN.email)
    assert answer.headers["Referrer-Policy"] == "strict-origin", "the application would see Origin: null"


async def test_form_post_brings_errors_too(visitor: Visitor) -> None:
    form = form_of(await visitor.authorize(prompt="none", response_mode="form_post"))
    assert (form["error"], form["state"]) == ("login_required", "the-state")


async def test_a_hybrid_response_binds_the_code_to_the_id_token(visitor: Visitor) -> None:
    answer = await visitor.log_in(response_type="code id_token", nonce="n")
    values = fragment_of(answer)
    assert values.keys() == {"code", "id_token", "state"}
    assert segments(values["id_token"])[1]["c_hash"] == half_hash(values["code"])
    assert "at_hash" not in segments(values["id_token"])[1]
    assert segments((await visitor.redeem(values["code"])).json()["id_token"])[1]["nonce"] == "n"


async def test_an_implicit_response_has_the_access_token_in_the_fragment(visitor: Visitor) -> None:
    values = fragment_of(await visitor.log_in(response_type="token id_token", nonce="n"))
    assert (values["token_type"], values["expires_in"]) == ("Bearer", "86400")
    assert segments(values["access_token"])[1]["sub"] == ADMIN.user_id
    assert segments(values["id_token"])[1]["at_hash"] == half_hash(values["access_token"])


async def test_tokens_are_never_sent_in_a_query(visitor: Visitor) -> None:
    await visitor.log_in()
    answer = await visitor.authorize(response_type="id_token", nonce="n", response_mode="query")
    assert fragment_of(answer)["error"] == "invalid_request"
    assert "id_token=" not in answer.headers["Location"]


async def test_an_id_token_response_needs_a_nonce(visitor: Visitor) -> None:
    values = fragment_of(await visitor.authorize(response_type="id_token"))
    assert (values["error"], values["error_description"]) == ("invalid_request", "Missing required parameter: nonce")


async def test_a_client_without_the_implicit_grant_gets_no_token(visitor: Visitor) -> None:
    values = fragment_of(await visitor.authorize(client_id="code-only", response_type="id_token", nonce="n"))
    assert values["error"] == "unauthorized_client"
    assert values["error_description"] == "Grant type 'implicit' not allowed for the client."


async def test_a_confidential_client_needs_no_pkce(visitor: Visitor) -> None:
    without: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    assert "code" in query_of(await visitor.log_in(client_id="web", **without))
    assert query_of(await visitor.authorize(**without))["error"] == "invalid_request"
    plain = query_of(await visitor.authorize(client_id="web", code_challenge_method="plain"))
    assert plain["error"] == "invalid_request"


async def test_an_authorization_request_can_be_posted(visitor: Visitor) -> None:
    await visitor.log_in()
    answer = await visitor.client.post("authorize", data=visitor.parameters(prompt="none"))
    assert "code" in query_of(answer)


async def test_unknown_and_ext_parameters_are_ignored(visitor: Visitor) -> None:
    answer = await visitor.log_in(**{"ext-campaign": "spring", "ui_locales": "de", "auth0Client": "e30"})
    assert query_of(answer).keys() == {"code", "state"}


async def test_responses_name_the_issuer_by_a_tenant_setting(visitor: Visitor) -> None:
    assert "iss" not in query_of(await visitor.authorize(prompt="none"))
    await visitor.manage("PATCH", "/tenants/settings", {"authorization_response_iss_parameter_supported": True})
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    assert metadata["authorization_response_iss_parameter_supported"] is True
    refused = query_of(await visitor.authorize(prompt="none"))
    assert (refused["error"], refused["iss"]) == ("login_required", metadata["issuer"])
    await visitor.log_in()
    passed = query_of(await visitor.authorize(prompt="none"))
    assert passed["code"]
    assert passed["iss"] == metadata["issuer"]


async def test_the_discovery_document_promises_no_issuer_by_default(visitor: Visitor) -> None:
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    assert "authorization_response_iss_parameter_supported" not in metadata
