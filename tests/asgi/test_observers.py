"""What observers of an `Auth0Guard` are told of its requests."""

import pytest
from starlette.types import Receive, Scope, Send

from auth0_sso.asgi import Auth0Guard, Rule
from auth0_sso.events import Event, RequestRefused, RequestServed
from auth0_sso.jwks.static import StaticKeys
from auth0_sso.metrics.prometheus import PrometheusMetrics
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from support.guarded_asgi_app import SeenApp, ask, bearer
from support.own_app import own_settings

RULES = (Rule("/open", public=True), Rule("/users"))


async def test_requests_are_told_by_the_path_of_their_rule(issuer: Issuer, clock: HandClock) -> None:
    seen: list[Event] = []
    metrics = PrometheusMetrics(clock=clock)
    guard = Auth0Guard(
        SeenApp(),
        *RULES,
        settings=own_settings(),
        keys=StaticKeys(issuer.jwks("key-0")),
        clock=clock,
        observer=seen.append,
        metrics=metrics,
    )
    async with guard.running():
        await ask(guard, "/users/17", headers=bearer(issuer))
        await ask(guard, "/users/18")
        await ask(guard, "/open/19")
        text = metrics.exposition().decode()
    served = [event._replace(seconds=0) for event in seen if isinstance(event, RequestServed)]
    assert served == [
        RequestServed("GET", "/users", 200, 0, allowed=True),
        RequestServed("GET", "/users", 401, 0),
        RequestServed("GET", "/open", 200, 0),
    ]
    assert [event.error.reason for event in seen if isinstance(event, RequestRefused)] == ["missing_token"]
    assert 'auth0_sso_http_requests_total{method="GET",route="/users",status="401"} 1.0' in text
    assert "auth0_sso_requests_allowed_total 1.0" in text


async def test_an_exception_of_the_app_is_told_as_500(issuer: Issuer, clock: HandClock) -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        raise LookupError("the app's own")

    seen: list[Event] = []
    guard = Auth0Guard(
        app, settings=own_settings(), keys=StaticKeys(issuer.jwks("key-0")), clock=clock, observer=seen.append
    )
    async with guard.running():
        with pytest.raises(LookupError):
            await ask(guard, "/x", headers=bearer(issuer))
    [served] = [event for event in seen if isinstance(event, RequestServed)]
    assert (served.status, served.allowed) == (500, True)
