"""The metadata of the resource behind an `Auth0Guard` (RFC 9728)."""

import json
from typing import Any

import pytest

from auth0_sso.asgi import ResourceMetadata, Rule
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import REFUSED, Forge
from auth0_sso.testing.hostile.cases import LEEWAY
from auth0_sso.testing.issuer import ISSUER, Issuer
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS
from support.asgi_socket import asgi_socket
from support.guarded_asgi_app import SeenApp, ask, bearer, guarded
from support.tenant_script import DISCOVERY, JWKS, ScriptedTenant, discovery_reply, json_reply
from support.token_cases import POLICY, key_document

URL = "https://api.example.com/mcp"
ROOT = "/.well-known/oauth-protected-resource"
RULES = (Rule("/mcp", scopes={"read:tools"}, permissions={"use:tools"}), Rule("/reports", any_role={"admin"}))


async def test_the_guard_answers_for_the_metadata_itself(issuer: Issuer, clock: HandClock) -> None:
    app, about = SeenApp(), ResourceMetadata(name="Tools")
    async with guarded(
        app, *RULES, issuer=issuer, clock=clock, resource_metadata=about, public_url=URL, auth0_dpop="off"
    ) as guard:
        answers = [await ask(guard, path) for path in (ROOT, f"{ROOT}/mcp")]
        preflight = await ask(guard, ROOT, "OPTIONS")
        head = await ask(guard, ROOT, "HEAD")
        others = [await ask(guard, f"{ROOT}/other"), await ask(guard, ROOT, "POST")]
    assert json.loads(answers[0].body) == {
        "resource": URL,
        "resource_name": "Tools",
        "authorization_servers": [ISSUER],
        "scopes_supported": ["read:tools", "use:tools"],
        "bearer_methods_supported": ["header"],
    }
    assert answers[0].body == answers[1].body
    assert [each.status for each in (*answers, preflight, head, *others)] == [200, 200, 204, 200, 401, 401]
    assert answers[0].headers["access-control-allow-origin"] == "*"
    assert app.scopes == []


async def test_a_server_below_a_root_path_serves_it_too(issuer: Issuer, clock: HandClock) -> None:
    about = ResourceMetadata()
    async with guarded(
        SeenApp(), issuer=issuer, clock=clock, resource_metadata=about, public_url=URL, auth0_dpop="off"
    ) as guard:
        assert (await ask(guard, ROOT, root_path="/v1")).status == 200


@pytest.mark.parametrize(
    ("path", "claims", "challenge"),
    [
        ("/mcp", None, f'Bearer scope="read:tools use:tools", resource_metadata="https://api.example.com{ROOT}/mcp"'),
        ("/x", None, f'Bearer resource_metadata="https://api.example.com{ROOT}/mcp"'),
        (
            "/mcp",
            {"scope": "read:tools"},
            (
                'Bearer error="insufficient_scope", error_description="The access token does not allow this.", '
                f'scope="read:tools use:tools", resource_metadata="https://api.example.com{ROOT}/mcp"'
            ),
        ),
    ],
)
async def test_a_challenge_names_the_metadata_and_the_scopes_of_the_rule(
    issuer: Issuer, clock: HandClock, path: str, claims: dict[str, object] | None, challenge: str
) -> None:
    headers = [] if claims is None else bearer(issuer, **claims)
    about = ResourceMetadata()
    async with guarded(
        SeenApp(), *RULES, issuer=issuer, clock=clock, resource_metadata=about, public_url=URL, auth0_dpop="off"
    ) as guard:
        answer = await ask(guard, path, headers=headers)
    assert answer.headers["www-authenticate"] == challenge


@pytest.mark.parametrize(
    ("path", "claims", "status", "challenge"),
    [
        (
            "/mcp",
            None,
            401,
            f'Bearer scope="read:tools use:tools", resource_metadata="https://api.example.com{ROOT}/mcp"',
        ),
        ("/x", None, 401, f'Bearer resource_metadata="https://api.example.com{ROOT}/mcp"'),
        ("/mcp", {}, 403, f', scope="read:tools use:tools", resource_metadata="https://api.example.com{ROOT}/mcp"'),
    ],
)
async def test_a_refused_websocket_gets_the_challenge_of_a_request(
    issuer: Issuer, clock: HandClock, path: str, claims: dict[str, object] | None, status: int, challenge: str
) -> None:
    headers = [] if claims is None else bearer(issuer, **claims)
    app, about = SeenApp(), ResourceMetadata()
    async with guarded(
        app, *RULES, issuer=issuer, clock=clock, resource_metadata=about, public_url=URL, auth0_dpop="off"
    ) as guard:
        refused = await ask(guard, path, headers=headers)
        async with asgi_socket(guard, path, headers=headers) as socket:
            answer = await socket.answer()
            await socket.ended()
    assert (answer[0], answer[1]["www-authenticate"]) == (status, refused.headers["www-authenticate"])
    assert refused.headers["www-authenticate"].endswith(challenge)
    assert app.scopes == []


@pytest.mark.parametrize(
    "changes",
    [{"public_url": URL, "auth0_dpop": "off"}, {"resource_metadata": ResourceMetadata(), "auth0_dpop": "off"}],
    ids=["setting", "argument"],
)
async def test_one_of_setting_and_argument_alone_changes_nothing(
    issuer: Issuer, clock: HandClock, changes: dict[str, Any]
) -> None:
    async with guarded(SeenApp(), *RULES, issuer=issuer, clock=clock, **changes) as guard:
        answers = [await ask(guard, path) for path in (ROOT, "/mcp")]
    assert [(each.status, each.headers["www-authenticate"]) for each in answers] == [(401, "Bearer")] * 2


async def test_the_whole_table_of_tokens_is_refused_as_without_it(
    issuer: Issuer, clock: HandClock, forge: Forge, tenant: ScriptedTenant
) -> None:
    tenant.on(DISCOVERY, discovery_reply())
    tenant.on(JWKS, json_reply(key_document(issuer)))
    app, about = SeenApp(), ResourceMetadata()
    changes: dict[str, Any] = {
        "auth0_audience": tuple(POLICY.audiences),
        "auth0_algorithms": SUPPORTED_ALGORITHMS,
        "auth0_leeway_seconds": LEEWAY,
        "auth_failure_rate_limit": "off",
        "resource_metadata": about,
        "public_url": URL,
        "auth0_dpop": "off",
    }
    async with guarded(app, issuer=issuer, clock=clock, tenant=tenant, **changes) as guard:
        for case in REFUSED:
            headers = [(b"authorization", value) for value in case.build(forge)]
            answer = await ask(guard, "/subject", headers=headers)
            problem, challenge = json.loads(answer.body), answer.headers["www-authenticate"]
            assert (answer.status, problem["code"]) == (case.status, case.error or "missing_token"), case.id
            assert ("resource_metadata=" in challenge) is (case.status == 401), case.id
            assert "scope=" not in challenge
    assert app.scopes == []
