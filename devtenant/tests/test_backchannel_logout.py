"""Back-channel logout: who gets a logout token, when, and what is in it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, import_key

from auth0_devtenant import SPA_CLIENT_ID, TenantOptions
from auth0_devtenant.backchannel_logout import BackchannelLogout

from . import seeds
from .visitor import ADMIN, USER, Visitor, segments

EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Receiver:
    """An application that notes what it gets."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.tokens: list[str] = []
        self.content_types: set[str | None] = set()
        self.proceed = threading.Event()
        self.proceed.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                assert form.keys() == {"logout_token"}
                receiver.tokens += form["logout_token"]
                receiver.content_types.add(self.headers["Content-Type"])
                receiver.proceed.wait()
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/backchannel-logout"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.01,))
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


@pytest.fixture
def options(receiver: Receiver) -> TenantOptions:
    options = seeds.options()
    more = (
        seeds.application("with-logout", backchannel_logout_urls=(receiver.url,)),
        seeds.application(
            "revoked-only",
            backchannel_logout_urls=(receiver.url,),
            backchannel_logout_initiators=("session-revoked",),
        ),
    )
    seed = options.seed.model_copy(update={"applications": (*options.seed.applications, *more)})
    return TenantOptions(seed=seed)


def delivered(visitor: Visitor) -> None:
    """Wait until what was sent has arrived."""
    (listener,) = visitor.tenant.session_listeners
    sender = getattr(listener, "__self__", None)
    assert isinstance(sender, BackchannelLogout)
    sender.wait()


async def session_of(visitor: Visitor, client_id: str = "with-logout") -> str:
    """Log in and return the id of the session."""
    await visitor.log_in(client_id=client_id)
    (session,) = visitor.tenant.state.sessions.values()
    return session.id


async def test_a_logout_token_is_that_of_auth0(visitor: Visitor, receiver: Receiver) -> None:
    sid = await session_of(visitor)
    await visitor.client.get("v2/logout", params={"client_id": "with-logout"})
    delivered(visitor)
    (token,) = receiver.tokens
    assert receiver.content_types == {"application/x-www-form-urlencoded"}
    keys = KeySet([import_key(key) for key in await visitor.jwks()])
    decoded = jwt.decode(token, keys, algorithms=["RS256"])
    assert decoded.header == {"alg": "RS256", "typ": "JWT", "kid": visitor.tenant.state.keys.current.kid}
    claims = decoded.claims
    now = int(visitor.clock.now)
    assert list(claims) == ["iss", "sub", "aud", "iat", "exp", "jti", "events", "trace_id", "sid"]
    assert (claims["iss"], claims["sub"], claims["sid"]) == (visitor.options.issuer, ADMIN.user_id, sid)
    assert (claims["aud"], claims["iat"], claims["exp"]) == ("with-logout", now, now + 120)
    assert claims["events"] == {EVENT: {}}


async def test_only_applications_of_the_session_are_told(visitor: Visitor, receiver: Receiver) -> None:
    await session_of(visitor, SPA_CLIENT_ID)
    await visitor.client.get("v2/logout")
    delivered(visitor)
    assert receiver.tokens == []


async def test_an_oidc_logout_is_told_too(visitor: Visitor, receiver: Receiver) -> None:
    sid = await session_of(visitor)
    await visitor.client.get("oidc/logout", params={"logout_hint": sid, "client_id": "with-logout"})
    delivered(visitor)
    assert [segments(token)[1]["sid"] for token in receiver.tokens] == [sid]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/sessions/{sid}", None),
        ("POST", "/sessions/{sid}/revoke", None),
        ("DELETE", "/users/{user}/sessions", None),
        ("POST", "/users/{user}/revoke-access", None),
        ("POST", "/users/{user}/revoke-access", {"session_id": "{sid}"}),
        ("PATCH", "/users/{user}", {"password": "Another-password-1!"}),
        ("DELETE", "/users/{user}", None),
    ],
)
async def test_sessions_that_the_management_api_ends_are_told(
    visitor: Visitor, receiver: Receiver, method: str, path: str, body: dict[str, str] | None
) -> None:
    sid = await session_of(visitor)
    path = path.replace("{sid}", sid).replace("{user}", quote(ADMIN.user_id, safe=""))
    sent = None if body is None else {name: value.replace("{sid}", sid) for name, value in body.items()}
    answer = await visitor.manage(method, path, sent)
    assert answer.is_success
    delivered(visitor)
    assert [segments(token)[1]["sid"] for token in receiver.tokens] == [sid]
    assert visitor.tenant.state.sessions == {}


async def test_an_application_is_told_of_the_initiators_it_selects(visitor: Visitor, receiver: Receiver) -> None:
    await session_of(visitor, "revoked-only")
    await visitor.client.get("v2/logout")
    delivered(visitor)
    assert receiver.tokens == []
    sid = await session_of(visitor, "revoked-only")
    await visitor.manage("DELETE", f"/sessions/{sid}")
    delivered(visitor)
    assert len(receiver.tokens) == 1


async def test_an_application_of_the_management_api_is_told_of_logouts_only(
    visitor: Visitor, receiver: Receiver
) -> None:
    change = {"oidc_logout": {"backchannel_logout_urls": [receiver.url]}}
    answer = await visitor.manage("PATCH", f"/clients/{SPA_CLIENT_ID}", change)
    assert answer.json()["oidc_logout"] == change["oidc_logout"]
    sid = await session_of(visitor, SPA_CLIENT_ID)
    await visitor.manage("DELETE", f"/sessions/{sid}")
    delivered(visitor)
    assert receiver.tokens == []
    await session_of(visitor, SPA_CLIENT_ID)
    await visitor.client.get("v2/logout")
    delivered(visitor)
    assert len(receiver.tokens) == 1


async def test_unknown_initiators_and_two_urls_are_refused(visitor: Visitor, receiver: Receiver) -> None:
    for oidc_logout in (
        {"backchannel_logout_urls": [receiver.url, receiver.url]},
        {"backchannel_logout_initiators": {"mode": "custom", "selected_initiators": ["full-moon"]}},
    ):
        answer = await visitor.manage("PATCH", f"/clients/{SPA_CLIENT_ID}", {"oidc_logout": oidc_logout})
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_body")


@pytest.mark.parametrize(
    ("statuses", "attempts", "logged"),
    [
        ([400], 1, "oidc_backchannel_logout_failed"),
        ([500, 500], 3, "oidc_backchannel_logout_succeeded"),
        ([500, 500, 500], 3, "oidc_backchannel_logout_failed"),
    ],
)
async def test_a_refused_token_is_sent_again_unless_by_400(
    visitor: Visitor, receiver: Receiver, statuses: list[int], attempts: int, logged: str
) -> None:
    receiver.statuses = statuses
    await session_of(visitor)
    await visitor.client.get("v2/logout")
    delivered(visitor)
    assert len(receiver.tokens) == attempts
    assert len(set(receiver.tokens)) == 1
    assert visitor.tenant.state.logs[-1]["type"] == logged


async def test_a_logout_does_not_wait_for_the_application(visitor: Visitor, receiver: Receiver) -> None:
    receiver.proceed.clear()
    await session_of(visitor)
    answer = await visitor.client.get("v2/logout", params={"client_id": "with-logout"})
    assert answer.status_code == 302
    assert visitor.tenant.state.logs[-1]["type"] == "s", "the application has not answered yet"
    receiver.proceed.set()
    delivered(visitor)
    assert visitor.tenant.state.logs[-1]["type"] == "oidc_backchannel_logout_succeeded"


async def test_revoke_access_can_preserve_the_refresh_tokens(visitor: Visitor) -> None:
    path = f"/users/{quote(ADMIN.user_id, safe='')}/revoke-access"
    token = (await visitor.redeem(await visitor.code())).json()["refresh_token"]
    assert (await visitor.manage("POST", path, {"preserve_refresh_tokens": True})).status_code == 202
    refreshed = await visitor.refresh(token)
    assert (refreshed.status_code, visitor.tenant.state.sessions) == (200, {})
    other = (await visitor.redeem(await visitor.code(USER))).json()["refresh_token"]
    assert (await visitor.manage("POST", path)).status_code == 202
    assert (await visitor.refresh(refreshed.json()["refresh_token"])).status_code == 403
    assert (await visitor.refresh(other)).status_code == 200


async def test_discovery_says_that_there_is_back_channel_logout(visitor: Visitor) -> None:
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    assert metadata["backchannel_logout_supported"] is metadata["backchannel_logout_session_supported"] is True
