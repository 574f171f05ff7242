"""What a rule asks for; where a guard of FastAPI asks for the same, the answers are the same."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import Depends, FastAPI

from auth0_sso import current_token, rate_limit, require_any_role, require_permission, require_scope
from auth0_sso.asgi import Rule, token_of
from auth0_sso.testing import HandClock
from auth0_sso.testing.issuer import AUDIENCE, Issuer
from support.guarded_asgi_app import SeenApp, ask, bearer, guarded
from support.own_app import ROLES, protected
from support.tenant_script import ScriptedTenant

SAME = {
    "token": (Rule("/x"), current_token),
    "scopes": (Rule("/x", scopes=["read:b", "read:a"]), require_scope("read:a", "read:b")),
    "permissions": (Rule("/x", permissions=["read:a"]), require_permission("read:a")),
    "role": (Rule("/x", any_role=["admin", "owner"]), require_any_role("admin", "owner")),
    "limit": (Rule("/x", rate_limit="1/minute;2/hour"), rate_limit("1/minute;2/hour")),
}
TOKENS: dict[str, Mapping[str, object] | None] = {
    "none": None,
    "plain": {},
    "machine": {"sub": "robot@clients", "gty": "client-credentials"},
    "expired": {"exp": 1_700_000_000, "iat": 1_600_000_000},
    "granted": {"scope": "read:a read:b", "permissions": ["read:a"], ROLES: ["owner"]},
    "half": {"scope": "read:b", "permissions": ["read:b"], ROLES: ["user"]},
    "malformed-roles": {ROLES: "owner"},
}

PASSING = {
    *((name, token) for name in ("token", "limit") for token in TOKENS if token not in ("none", "expired")),
    *((name, "granted") for name in ("scopes", "permissions", "role")),
}


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("name", SAME)
async def test_a_rule_answers_as_the_guard_of_fastapi_does(
    issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture, name: str, token: str
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    rule, dependency = SAME[name]
    app = FastAPI()
    app.get("/x", dependencies=[Depends(current_token), Depends(dependency)])(lambda: None)
    claims = TOKENS[token]
    headers = [] if claims is None else bearer(issuer, **claims)
    async with protected(app, issuer, clock), guarded(SeenApp(), rule, issuer=issuer, clock=clock) as guard:
        for is_first in (True, False):
            caplog.clear()
            expected, found = [await ask(each, "/x", headers=headers) for each in (app, guard)]
            reasons = [record.getMessage().partition("refused: ")[2] for record in caplog.records]
            assert found.status == expected.status
            assert (found.status == 200) is ((name, token) in PASSING and (name != "limit" or is_first))
            for header in ("www-authenticate", "retry-after", "ratelimit", "ratelimit-policy"):
                assert found.headers.get(header) == expected.headers.get(header), header
            if found.status != 200:
                assert found.headers["content-type"] == expected.headers["content-type"]
                problems = [json.loads(answer.body) | {"requestId": ""} for answer in (expected, found)]
                assert problems[0] == problems[1]
                assert len(reasons) == 2
                assert reasons[0] == reasons[1]


async def test_a_public_rule_looks_at_no_token(issuer: Issuer, clock: HandClock) -> None:
    app = SeenApp()
    async with guarded(app, Rule("/", public=True), issuer=issuer, clock=clock) as guard:
        for headers in ([], [(b"authorization", b"Bearer x")], bearer(issuer)):
            assert (await ask(guard, "/", headers=headers)).status == 200
    for scope in app.scopes:
        with pytest.raises(RuntimeError, match="its rule is public"):
            token_of(scope)


async def test_a_request_sent_on_under_a_public_rule_has_no_token(issuer: Issuer, clock: HandClock) -> None:
    app = SeenApp()
    async with guarded(app, Rule("/open", public=True), issuer=issuer, clock=clock) as guard:
        await ask(guard, "/", headers=bearer(issuer))
        await ask(guard, "/open", **dict(app.scopes[0], path="/open", raw_path=b"/open"))
    assert token_of(app.scopes[0]).subject
    with pytest.raises(RuntimeError):
        token_of(app.scopes[1])


async def test_callers_of_a_public_rule_are_counted_by_address(issuer: Issuer, clock: HandClock) -> None:
    app, rule = SeenApp(), Rule("/", public=True, rate_limit="1/minute")
    async with guarded(app, rule, issuer=issuer, clock=clock) as guard:
        statuses = [
            (await ask(guard, path, client=(host, 1))).status
            for path, host in [("/a", "192.0.2.1"), ("/b", "192.0.2.1"), ("/a", "192.0.2.2")]
        ]
    assert statuses == [200, 429, 200]
    assert len(app.scopes) == 2


async def test_a_limit_counts_each_subject_and_each_rule(issuer: Issuer, clock: HandClock) -> None:
    rules = [Rule("/a", rate_limit="1/minute"), Rule("/b", rate_limit="1/minute")]
    async with guarded(SeenApp(), *rules, issuer=issuer, clock=clock) as guard:
        ann, bob = bearer(issuer, sub="auth0|ann"), bearer(issuer, sub="auth0|bob")
        asked = [("/a", ann), ("/a/x", ann), ("/b", ann), ("/a", bob)]
        statuses = [(await ask(guard, path, headers=headers)).status for path, headers in asked]
        assert statuses == [200, 429, 200, 200]
        await clock.advance(60)
        answer = await ask(guard, "/a", headers=ann)
    assert (answer.status, answer.headers["x-app"]) == (200, "seen")
    assert answer.headers["ratelimit"] == '"1/minute";r=0;t=60'


async def test_exempt_clients_and_permissions_are_not_counted(issuer: Issuer, clock: HandClock) -> None:
    changes: dict[str, Any] = {
        "rate_limit_exempt_clients": ("batch",),
        "rate_limit_exempt_permissions": ("exempt",),
    }
    rule = Rule("/", rate_limit="1/minute")
    async with guarded(SeenApp(), rule, issuer=issuer, clock=clock, **changes) as guard:
        for claims in ({"azp": "batch"}, {"permissions": ["exempt"]}):
            headers = bearer(issuer, **claims)
            assert [(await ask(guard, "/", headers=headers)).status for _ in range(3)] == [200] * 3


async def test_another_audience_is_logged_and_not_answered(
    issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    async with guarded(SeenApp(), issuer=issuer, clock=clock) as guard:
        answer = await ask(guard, "/", headers=bearer(issuer, aud="https://other.example.com", email="a@b.example"))
    assert caplog.messages == [
        f"GET /* refused: aud_mismatch (expected '{AUDIENCE}', found 'https://other.example.com')"
    ]
    assert answer.status == 401
    assert b"other.example.com" not in answer.body
    assert "other.example.com" not in str(answer.headers)


async def test_failed_authentications_are_limited_by_address(
    issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    bad, app = [(b"authorization", b"Bearer x")], SeenApp()
    async with guarded(app, issuer=issuer, clock=clock, auth_failure_rate_limit="2/minute") as guard:
        answers = [await ask(guard, "/", headers=bad) for _ in range(3)]
        assert [answer.status for answer in answers] == [401, 401, 429]
        assert answers[2].headers["retry-after"] == "60"
        assert caplog.records[-1].getMessage() == "GET /* refused: authentication_failures"
        assert (await ask(guard, "/", headers=bearer(issuer))).status == 200
        expired = bearer(issuer, exp=1_700_000_000, iat=1_600_000_000)
        assert (await ask(guard, "/", headers=expired)).status == 401
        assert (await ask(guard, "/", headers=bad, client=("192.0.2.9", 1))).status == 401


async def test_failures_are_answered_while_they_cannot_be_counted(issuer: Issuer, clock: HandClock) -> None:
    changes: dict[str, Any] = {"rate_limit_storage_url": "redis://127.0.0.1:9/", "rate_limit_on_store_error": "deny"}
    async with guarded(SeenApp(), issuer=issuer, clock=clock, **changes) as guard:
        assert (await ask(guard, "/", headers=[(b"authorization", b"Bearer x")])).status == 401


@pytest.mark.parametrize(("on_store_error", "status"), [("allow", 200), ("deny", 503), ("local", 200)])
async def test_a_limit_without_its_store_does_as_the_setting_says(
    issuer: Issuer, clock: HandClock, on_store_error: str, status: int
) -> None:
    changes: dict[str, Any] = {
        "rate_limit_storage_url": "redis://127.0.0.1:9/",
        "rate_limit_on_store_error": on_store_error,
    }
    rule = Rule("/", rate_limit="1/minute")
    async with guarded(SeenApp(), rule, issuer=issuer, clock=clock, **changes) as guard:
        answer = await ask(guard, "/", headers=bearer(issuer))
    assert answer.status == status
    assert ("ratelimit" in answer.headers) is (on_store_error == "local")


async def test_tokens_are_not_refused_for_an_outage_of_the_keys(clock: HandClock, issuer: Issuer) -> None:
    app = SeenApp()
    async with guarded(app, issuer=issuer, clock=clock, tenant=ScriptedTenant()) as guard:
        answer = await ask(guard, "/", headers=bearer(issuer))
    assert (answer.status, json.loads(answer.body)["code"]) == (503, "keys_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "www-authenticate" not in answer.headers
    assert app.scopes == []


async def test_roles_need_a_source_of_them(issuer: Issuer, clock: HandClock) -> None:
    rule = Rule("/", any_role={"admin"})
    async with guarded(
        SeenApp(), rule, issuer=issuer, clock=clock, auth0_role_source="management", auth0_role_claim=""
    ) as guard:
        answer = await ask(guard, "/", headers=bearer(issuer, **{ROLES: ["admin"]}))
    assert (answer.status, json.loads(answer.body)["code"]) == (503, "management_not_configured")


@pytest.mark.parametrize("within", [False, True])
async def test_roles_within_an_organization_count_where_the_rule_says_so(
    issuer: Issuer, clock: HandClock, within: bool
) -> None:
    rule = Rule("/", any_role={"admin"}, within_organization=within)
    async with guarded(SeenApp(), rule, issuer=issuer, clock=clock) as guard:
        member = bearer(issuer, org_id="org_1", **{ROLES: ["admin"]})
        assert (await ask(guard, "/", headers=member)).status == (200 if within else 403)
        other = bearer(issuer, org_id="org_1", **{ROLES: ["user"]})
        assert (await ask(guard, "/", headers=other)).status == 403
