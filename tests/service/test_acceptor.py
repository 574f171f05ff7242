import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

import pytest

from auth0_sso.service.acceptor import Acceptor
from auth0_sso.testing.clock import HandClock
from support.http_server import until


class Accepted(list[asyncio.BaseTransport]):
    """The transports of the accepted connections."""

    def protocol(self) -> asyncio.Protocol:
        accepted = self

        class Protocol(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                accepted.append(transport)

        return Protocol()


@asynccontextmanager
async def accepting(
    own: Sequence[socket.socket], others: Sequence[socket.socket] = (), *, backlog: int = 500
) -> AsyncIterator[tuple[Acceptor, Accepted]]:
    accepted = Accepted()
    acceptor = Acceptor(accepted.protocol, own, others=others, backlog=backlog)
    acceptor.start()
    try:
        yield acceptor, accepted
    finally:
        acceptor.close()
        for transport in accepted:
            transport.close()
        await asyncio.sleep(0)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=500) as created:
        yield created


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def connect(clients: ExitStack, listening: socket.socket, number: int = 1) -> None:
    for _ in range(number):
        clients.enter_context(socket.create_connection(listening.getsockname(), timeout=10))


async def a_few_iterations() -> None:
    """Let the event loop accept connections, connect them to protocols and report that."""
    for _ in range(4):
        await asyncio.sleep(0)


async def test_hundreds_of_waiting_connections_are_accepted_at_once(
    listening: socket.socket, clients: ExitStack
) -> None:
    connect(clients, listening, 300)
    async with accepting([listening]) as (_, accepted):
        await a_few_iterations()
        assert len(accepted) == 300


async def test_more_connections_than_the_backlog_are_accepted_in_turns(
    listening: socket.socket, clients: ExitStack
) -> None:
    connect(clients, listening, 5)
    async with accepting([listening], backlog=2) as (_, accepted):
        await until(lambda: len(accepted) == 5)


async def test_connections_that_keep_waiting_for_another_worker_are_taken_over(
    listening: socket.socket, clients: ExitStack
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        connect(clients, other, 2)
        async with accepting([listening], [other]) as (acceptor, accepted):
            acceptor.take_over()
            await a_few_iterations()
            assert accepted == []  # the other worker may accept them in a moment
            acceptor.take_over()
            await until(lambda: len(accepted) == 2)


async def test_the_socket_of_a_worker_that_has_not_started_is_not_accepted_from(
    listening: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        async with accepting([listening], [other]) as (acceptor, accepted):
            acceptor.take_over()
            acceptor.take_over()
            await a_few_iterations()
            assert accepted == []
    assert caplog.text == ""


async def test_a_closed_acceptor_refuses_connections(listening: socket.socket) -> None:
    address = listening.getsockname()
    async with accepting([listening]) as (acceptor, _):
        acceptor.close()
        acceptor.take_over()
        await acceptor.wait_closed()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=10)


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.parametrize("closed", [False, True])
async def test_accepting_goes_on_a_second_after_running_out_of_descriptors(
    listening: socket.socket,
    clients: ExitStack,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    closed: bool,
) -> None:
    loop = asyncio.get_running_loop()
    reported = list[dict[str, Any]]()
    monkeypatch.setattr(loop, "time", clock.monotonic)
    loop.set_exception_handler(lambda _, context: reported.append(context))
    connect(clients, listening)
    async with accepting([listening]) as (acceptor, accepted):
        with no_descriptors_left():
            await clock.settle()
            await clock.advance(0.5)
        assert [context["message"] for context in reported] == ["socket.accept() out of system resource"]
        assert accepted == []
        if closed:
            acceptor.close()
        await clock.advance(1)
        assert len(accepted) == (0 if closed else 1)
