"""A WebSocket whose access token expires, and one that ends before."""

import asyncio

import pytest
from starlette.types import Message

from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import SUBJECT, Issuer, user_claims
from auth0_sso.web.services.services import Services
from auth0_sso.web.websockets.guarded_socket import GuardedSocket
from support.asgi_socket import asgi_socket
from support.own_app import protected
from support.socket_app import EXPIRED, LEEWAY, LIFE, Bearer, SocketApp


def tasks() -> set[str]:
    return {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]  # all are coroutines


async def test_a_silent_socket_is_closed_in_the_second_its_token_expires(
    own: SocketApp, clock: HandClock, bearer: Bearer
) -> None:
    async with asgi_socket(own.app, "/echo", headers=bearer()) as socket:
        await socket.hear()
        await clock.advance(LIFE + LEEWAY - 1)
        socket.say("still there")
        assert (await socket.hear())["text"].endswith(": still there")
        await clock.advance(1)
        assert await socket.hear() == EXPIRED
        await socket.ended()
        assert own.seen == [1008], "the route does not see a disconnect"
        assert socket.from_app.empty(), "closed twice"


class JumpingClock(HandClock):
    """A clock whose wall time an operator, or a machine that was suspended, sets ahead."""

    def jump(self, seconds: float) -> None:
        self._wall += seconds


async def test_wall_time_set_ahead_ends_a_socket_within_a_minute(issuer: Issuer) -> None:
    own, clock = SocketApp(), JumpingClock()
    token = issuer.token(user_claims(clock.now, exp=int(clock.now) + LIFE))
    headers = [(b"authorization", f"Bearer {token}".encode())]
    async with protected(own.app, issuer, clock), asgi_socket(own.app, "/echo", headers=headers) as socket:
        await socket.hear()
        await clock.settle()
        clock.jump(LIFE + LEEWAY)
        await clock.advance(60)
        assert await socket.hear() == EXPIRED


async def test_a_socket_its_client_has_left_is_not_closed(own: SocketApp, clock: HandClock, bearer: Bearer) -> None:
    async with asgi_socket(own.app, "/linger", headers=bearer()) as socket:
        await socket.hear()
        socket.leave()
        await clock.settle()
        await clock.advance(LIFE + LEEWAY)
        own.go.set()
        await socket.ended()
        assert own.seen == [1000]
        assert socket.from_app.empty()


async def test_nothing_said_after_the_expiry_reaches_the_route(
    own: SocketApp, clock: HandClock, bearer: Bearer
) -> None:
    async with asgi_socket(own.app, "/push", headers=bearer()) as socket:
        await socket.hear()
        await clock.advance(LIFE + LEEWAY)
        assert await socket.hear() == EXPIRED
        own.go.set()
        await socket.ended()
        assert own.seen == [1006], "a send is not refused"
        assert socket.from_app.empty()


async def test_a_token_that_expires_before_the_accept_opens_nothing(
    own: SocketApp, clock: HandClock, bearer: Bearer
) -> None:
    async with asgi_socket(own.app, "/slow", headers=bearer()) as socket:
        await clock.settle()
        await clock.advance(LIFE + LEEWAY)
        assert await socket.hear() == EXPIRED
        own.go.set()
        socket.say("let me in")
        await socket.ended()
        assert own.seen == [1008]
        assert socket.from_app.empty()


async def test_a_token_too_old_ends_its_socket_before_its_exp(
    issuer: Issuer, clock: HandClock, bearer: Bearer
) -> None:
    own = SocketApp()
    async with (
        protected(own.app, issuer, clock, auth0_max_token_age_seconds=60),
        asgi_socket(own.app, "/echo", headers=bearer()) as socket,
    ):
        await socket.hear()
        await clock.advance(60 + LEEWAY)
        assert await socket.hear() == EXPIRED


@pytest.mark.parametrize("path", ["/echo", "/open", "/guards/role"])
async def test_a_socket_that_ends_leaves_no_timer(own: SocketApp, bearer: Bearer, path: str) -> None:
    before = tasks()
    async with asgi_socket(own.app, path, headers=bearer()) as socket:
        await socket.hear()
        socket.leave()
        await socket.ended()
        assert tasks() - before == set()


async def test_a_cancelled_socket_leaves_no_timer(own: SocketApp, bearer: Bearer) -> None:
    before = tasks()
    async with asgi_socket(own.app, "/echo", headers=bearer()) as socket:
        await socket.hear()
        assert tasks() - before >= {"GuardedSocket._expire"}
    assert tasks() - before == set()


async def test_a_socket_its_app_has_closed_is_not_closed_again(
    own: SocketApp, clock: HandClock, bearer: Bearer
) -> None:
    async with asgi_socket(own.app, "/bye", headers=bearer()) as socket:
        await socket.hear()
        assert (await socket.hear())["reason"] == "bye"
        await clock.advance(LIFE + LEEWAY)
        own.go.set()
        await socket.ended()
        assert socket.from_app.empty()


@pytest.mark.parametrize("path", ["/bye", "/push"], ids=["by-its-app", "by-its-expiry"])
async def test_a_closed_socket_is_not_closed_again_by_a_revocation(
    own: SocketApp, clock: HandClock, bearer: Bearer, path: str
) -> None:
    services = own.app.state.auth0_sso
    assert isinstance(services, Services)
    async with asgi_socket(own.app, path, headers=bearer()) as socket:
        assert (await socket.hear())["type"] == "websocket.accept"
        if path == "/push":
            await clock.advance(LIFE + LEEWAY)
        assert (await socket.hear())["type"] == "websocket.close"
        await services.revocations.revoke_user(SUBJECT, "admin")
        await clock.settle()
        assert socket.from_app.empty(), "closed twice"


async def test_a_cancel_at_the_moment_of_the_expiry_is_not_swallowed(clock: HandClock) -> None:
    messages: asyncio.Queue[Message] = asyncio.Queue()
    messages.put_nowait({"type": "websocket.connect"})

    async def cancel_reader(_: Message) -> None:
        reading.cancel()

    socket = GuardedSocket(messages.get, cancel_reader, [])
    socket.close_at(clock.now + LIFE, clock)
    await socket.receive()
    reading = asyncio.create_task(socket.receive())
    await clock.settle()
    await clock.advance(LIFE)
    with pytest.raises(asyncio.CancelledError):
        await reading
    await socket.aclose()


async def test_an_app_that_saw_the_expiry_may_still_use_timeouts(
    own: SocketApp, clock: HandClock, bearer: Bearer
) -> None:
    async with asgi_socket(own.app, "/after", headers=bearer()) as socket:
        await socket.hear()
        await clock.advance(LIFE + LEEWAY)
        await socket.ended()
    assert own.seen == [1008, "timed out"]
