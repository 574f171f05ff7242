import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from auth0_sso.service.listening_sockets import bind_sockets


@contextmanager
def bound(port: int, *, workers: int) -> Iterator[list[socket.socket]]:
    """Bind and listen at a port of this machine until the block ends."""
    with ExitStack() as stack:
        sockets = [listening for (listening,) in bind_sockets("127.0.0.1", port, workers=workers)]
        for listening in sockets:
            stack.enter_context(listening)
            listening.listen(200)
        yield sockets


@pytest.mark.skipif(sys.platform != "linux", reason="SO_REUSEPORT distributes connections on Linux only")
def test_each_of_three_workers_gets_a_part_of_the_connections() -> None:
    with bound(0, workers=3) as sockets, ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(socket.create_connection(sockets[0].getsockname(), timeout=10))
        assert {listening.getsockname() for listening in sockets} == {sockets[0].getsockname()}
        for listening in sockets:
            listening.settimeout(10)
            for _ in range(10):
                listening.accept()[0].close()


@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_service_at_the_same_port_is_refused(workers: int, again: int) -> None:
    with bound(0, workers=workers) as sockets, pytest.raises(OSError, match="already in use"):
        bind_sockets("127.0.0.1", sockets[0].getsockname()[1], workers=again)


def test_a_host_name_is_listened_on_at_all_of_its_addresses() -> None:
    found = socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    ((*sockets,),) = bind_sockets("localhost", 0)
    with ExitStack() as stack:
        for listening in sockets:
            stack.enter_context(listening)
        assert {listening.getsockname()[0] for listening in sockets} == {address[0] for *_, address in found}
