"""An app's own actions in the audit trail."""

import asyncio
import logging
from typing import Any

import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import PlainTextResponse

from auth0_sso import (
    Audit,
    CurrentToken,
    RequestAudit,
    observe_refusal,
    protect,
    require,
    require_acr,
    require_email_domain,
    require_mfa,
    require_network,
    require_organization,
    require_permission,
    require_recent_login,
    require_role,
    require_scope,
)
from auth0_sso.audit.record import Actor
from auth0_sso.errors import (
    Auth0SsoError,
    ConflictError,
    ManagementAnswerError,
    ManagementNotConfiguredError,
    ManagementRateLimitedError,
    ManagementRefusedError,
    ManagementUnavailableError,
    TenantAnswer,
)
from auth0_sso.testing import ClientFactory, async_client, client
from auth0_sso.web.checks.logins import MULTI_FACTOR
from auth0_sso.web.guards import audit as audit_module
from auth0_sso.web.guards.guard import TokenGuard
from support.audit_sink import KeptRecords

ANN = "auth0|ann"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def sink() -> KeptRecords:
    return KeptRecords()


@pytest.fixture
def app(sink: KeptRecords) -> FastAPI:
    app = protect(FastAPI(), audit=sink)

    @app.post("/orders/{order_id}/refund")
    async def refund_order(order_id: str, _: CurrentToken, audit: Audit) -> None:
        async with audit.action("refund-order", target=order_id, target_kind="order", amount=17) as action:
            action.details["after"] = {"state": "refunded"}

    return app


def failing(app: FastAPI, error: BaseException) -> None:
    @app.post("/fail")
    async def fail(_: CurrentToken, audit: Audit) -> None:
        async with audit.action("refund-order"):
            raise error


def test_an_action_names_actor_target_and_request(
    app: FastAPI, sink: KeptRecords, auth0_client: ClientFactory
) -> None:
    ann = auth0_client(app).as_user(ANN, organization="org_1")
    ann.post("/orders/17/refund", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    record = sink.only()
    assert (record.action, record.outcome, record.reason) == ("refund-order", "success", None)
    assert (record.target, record.target_kind) == ("17", "order")
    assert record.actor == Actor(ANN, "spa-client", "org_1", "testclient")
    assert (record.request.method, record.request.route) == ("POST", "/orders/{order_id}/refund")
    assert (len(record.request.id or ""), record.request.trace_id) == (32, TRACE)
    assert record.details == {"amount": 17, "after": {"state": "refunded"}}


def test_an_action_by_an_anonymous_caller_names_the_address(sink: KeptRecords, auth0_client: ClientFactory) -> None:
    app = protect(FastAPI(), audit=sink)

    @app.post("/subscribe")
    async def subscribe(audit: Audit) -> None:
        async with audit.action("subscribe"):
            pass

    auth0_client(app).as_anonymous().post("/subscribe")
    assert sink.only().actor == Actor(address="testclient")


@pytest.mark.parametrize(
    ("error", "outcome", "reason", "code"),
    [
        (ConflictError("There is one already."), "failure", "conflict", "conflict"),
        (ManagementRefusedError("scope_missing"), "failure", "scope_missing", "management_refused"),
        (
            ManagementNotConfiguredError(),
            "failure",
            "management_not_configured",
            "management_not_configured",
        ),
        (ManagementUnavailableError("timeout", retry_after=1), "unknown", "timeout", "management_unavailable"),
        (ManagementRateLimitedError(retry_after=1), "unknown", "rate_limited", "management_rate_limited"),
        (ManagementAnswerError("answer_not_json"), "unknown", "answer_not_json", "management_answer_invalid"),
        (HTTPException(409), "failure", "status_409", None),
        (HTTPException(500), "unknown", "status_500", None),
        (HTTPException(499), "failure", "status_499", None),
        (RequestValidationError([]), "failure", "invalid_input", "invalid_input"),
        (LookupError("a bug"), "unknown", "unexpected", "internal_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_exception_says_whether_the_action_was_carried_out(
    app: FastAPI,
    sink: KeptRecords,
    auth0_client: ClientFactory,
    error: Exception,
    outcome: str,
    reason: str,
    code: str | None,
) -> None:
    failing(app, error)
    api = auth0_client(app, raise_server_exceptions=False)
    assert api.as_user().post("/fail").status_code >= 400
    record = sink.only()
    assert (record.outcome, record.reason, record.code) == (outcome, reason, code)


def test_a_failed_call_of_auth0_is_named_by_its_request_id(
    app: FastAPI, sink: KeptRecords, auth0_client: ClientFactory
) -> None:
    error = ConflictError("There is one already.")
    error.answer = TenantAnswer(409, "conflict", "4f3d2c1b")
    failing(app, error)
    auth0_client(app).as_user().post("/fail")
    assert sink.only().details == {"auth0_request_id": "4f3d2c1b"}


async def test_a_cancelled_action_has_an_unknown_outcome(app: FastAPI, sink: KeptRecords) -> None:
    started = asyncio.Event()

    @app.post("/slow")
    async def refund_slowly(audit: Audit) -> None:
        async with audit.action("refund-order"):
            started.set()
            await asyncio.Event().wait()

    async with async_client(app) as api:
        request = asyncio.create_task(api.as_anonymous().post("/slow"))
        await started.wait()
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
    assert (sink.only().outcome, sink.only().reason) == ("unknown", "cancelled")


def test_the_state_before_is_read_first(app: FastAPI, sink: KeptRecords, auth0_client: ClientFactory) -> None:
    state = {"state": "paid"}

    async def read_state() -> object:
        return dict(state)

    @app.post("/cancel")
    async def cancel_order(_: CurrentToken, audit: Audit) -> None:
        async with audit.action("cancel-order", before=read_state):
            state["state"] = "cancelled"

    auth0_client(app).as_user().post("/cancel")
    assert sink.only().details == {"before": {"state": "paid"}}


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (ManagementUnavailableError("dns", retry_after=1), "the state before cancel-order is not known: dns"),
        (TimeoutError(), "the state before cancel-order is not known: timeout"),
        (LookupError("a bug"), "the state before cancel-order could not be read"),
    ],
)
def test_an_action_goes_on_where_the_state_before_cannot_be_read(
    app: FastAPI,
    sink: KeptRecords,
    auth0_client: ClientFactory,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    logged: str,
) -> None:
    async def read_state() -> object:
        raise error

    @app.post("/cancel")
    async def cancel_order(_: CurrentToken, audit: Audit) -> str:
        async with audit.action("cancel-order", before=read_state):
            return "cancelled"

    with caplog.at_level(logging.WARNING, "auth0_sso.web.guards.audit"):
        assert auth0_client(app).as_user().post("/cancel").json() == "cancelled"
    assert (sink.only().outcome, sink.only().details) == ("success", {"before": "unknown"})
    assert [record.getMessage() for record in caplog.records] == [logged]


def test_reading_the_state_before_has_a_timeout(
    app: FastAPI, sink: KeptRecords, auth0_client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "BEFORE_TIMEOUT", 0.01)

    @app.post("/cancel")
    async def cancel_order(_: CurrentToken, audit: Audit) -> None:
        async with audit.action("cancel-order", before=asyncio.Event().wait):
            pass

    auth0_client(app).as_user().post("/cancel")
    assert (sink.only().outcome, sink.only().details) == ("success", {"before": "unknown"})


def test_without_audit_nothing_is_read_and_the_action_goes_on(auth0_client: ClientFactory) -> None:
    app = protect(FastAPI())

    async def read_state() -> object:
        raise AssertionError("this costs a call")

    @app.post("/cancel")
    async def cancel_order(_: CurrentToken, audit: Audit) -> bool:
        async with audit.action("cancel-order", before=read_state) as action:
            action.details["after"] = "cancelled"
            return audit.is_on

    assert auth0_client(app).as_user().post("/cancel").json() is False


@pytest.mark.parametrize("name", ["Refund", "refund_order", "refund order", "", "-x", "x" * 65])
async def test_an_action_with_a_malformed_name_is_refused(name: str) -> None:
    audit = RequestAudit(None, Request({"type": "http", "headers": []}))
    with pytest.raises(ValueError, match="lower case"):
        async with audit.action(name):
            raise AssertionError("not reached")


def test_denied_access_and_refused_tokens_are_recorded(sink: KeptRecords, auth0_client: ClientFactory) -> None:
    app = protect(FastAPI(), audit=sink)

    @app.get("/reports", dependencies=[Depends(require_role("admin"))])
    async def list_reports() -> None:
        pass

    api = auth0_client(app)
    api.as_user(ANN).get("/reports", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    api.as_bearer("not a token").get("/reports")
    api.as_anonymous().get("/reports")
    denied, refused = sink.records
    assert (denied.action, denied.reason, denied.actor.subject) == ("access-denied", "role_missing", ANN)
    assert (denied.request.route, denied.details) == ("/reports", {"missing": ("admin",)})
    assert (denied.request.trace_id, refused.request.trace_id) == (TRACE, None)
    assert (refused.action, refused.actor) == ("token-refused", Actor(address="testclient"))


NAMESPACE = "https://example.com/"
DENIALS = {
    "network": (require_network("192.0.2.0/24", "10.0.0.0/8"), "network_mismatch", ("10.0.0.0/8", "192.0.2.0/24")),
    "email-missing": (
        require_email_domain("example.org", "example.com", namespace=NAMESPACE),
        "email_missing",
        ("example.com", "example.org"),
    ),
    "organization": (require_organization("org_9", "org_8"), "organization_missing", ("org_8", "org_9")),
    "any-organization": (require_organization(), "organization_missing", None),
    "mfa": (require_mfa(), "amr_missing", (f"acr_values={MULTI_FACTOR}",)),
    "acr": (require_acr("urn:a", "urn:b", max_age=300), "acr_missing", ("acr_values=urn:a urn:b", "max_age=300")),
    "recent-login": (require_recent_login(max_age=60), "auth_time_missing", ("max_age=60",)),
    "own-check": (require(lambda _: False), "check_failed", None),
    "scope": (require_scope("read:x"), "scope_missing", ("read:x",)),
    "permission": (require_permission("read:x"), "permission_missing", ("read:x",)),
}


@pytest.mark.parametrize(("guard", "reason", "missing"), DENIALS.values(), ids=DENIALS)
def test_each_denial_has_what_was_asked_for(
    sink: KeptRecords, auth0_client: ClientFactory, guard: TokenGuard, reason: str, missing: tuple[str, ...] | None
) -> None:
    app = protect(FastAPI(), audit=sink)
    app.add_api_route("/reports", lambda: None, dependencies=[Depends(guard)])
    auth0_client(app).as_user(ANN).get("/reports")
    record = sink.only()
    assert (record.action, record.reason) == ("access-denied", reason)
    assert record.details == ({} if missing is None else {"missing": missing})


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({f"{NAMESPACE}email": "ann@evil.example", f"{NAMESPACE}email_verified": True}, "email_domain_mismatch"),
        ({f"{NAMESPACE}email": "ann@evil.example"}, "email_unverified"),
        ({"org_id": "org_evil"}, "organization_mismatch"),
    ],
)
def test_a_denial_has_what_was_asked_for_and_nothing_of_the_caller(
    sink: KeptRecords, auth0_client: ClientFactory, claims: dict[str, Any], reason: str
) -> None:
    app = protect(FastAPI(), audit=sink)
    if "org_id" in claims:
        guard, missing = require_organization("org_9"), "org_9"
    else:
        guard, missing = require_email_domain("example.com", namespace=NAMESPACE), "example.com"
    app.add_api_route("/reports", lambda: None, dependencies=[Depends(guard)])
    refused = auth0_client(app).as_user(ANN, **claims).get("/reports")
    record = sink.only()
    assert (record.reason, record.details) == (reason, {"missing": (missing,)})
    assert missing not in refused.text, "what a guard names is not told"


def test_a_flood_is_recorded_once_a_minute(sink: KeptRecords, auth0_client: ClientFactory) -> None:
    app = protect(FastAPI(), audit=sink)

    @app.get("/me")
    async def show_me(token: CurrentToken) -> str:
        return token.subject

    api = auth0_client(app)
    for _ in range(5):
        api.as_bearer("opaque").get("/me")
    assert sink.actions == ["token-refused"]
    api.advance(60)
    assert [record.details.get("count") for record in sink.records] == [None, 4]


def test_what_was_counted_is_recorded_as_the_app_stops(sink: KeptRecords) -> None:
    app = protect(FastAPI(), audit=sink)

    @app.get("/me")
    async def show_me(token: CurrentToken) -> str:
        return token.subject

    with client(app) as api:
        for _ in range(3):
            api.as_bearer("opaque").get("/me")
    assert [record.details.get("count") for record in sink.records] == [None, 2]


def test_a_handler_of_the_apps_own_can_report_refusals(sink: KeptRecords, auth0_client: ClientFactory) -> None:
    app = protect(FastAPI(), audit=sink)

    @app.exception_handler(Auth0SsoError)
    async def answer(request: Request, error: Auth0SsoError) -> PlainTextResponse:
        observe_refusal(request, error)
        return PlainTextResponse("no", 418)

    @app.get("/me")
    async def show_me(token: CurrentToken) -> str:
        return token.subject

    assert auth0_client(app).as_bearer("opaque").get("/me").status_code == 418
    assert (sink.only().action, sink.only().request.route) == ("token-refused", "/me")
