"""The log stream to a webhook: what arrives, in which order, and what a broken receiver does not hold up."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from auth0_devtenant.development.log_stream import LogStream

from ..visitor import ADMIN, USER, Visitor


class Receiver:
    """A receiver that fails the first requests, and notes what arrives."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.events: list[Any] = []
        self.authorization: set[str | None] = set()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Receive until the block ends; yield the URL."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.authorization.add(self.headers["Authorization"])
                receiver.failures -= 1
                failed = receiver.failures >= 0
                receiver.events += [] if failed else body
                self.send_response(500 if failed else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}/api/logs"
            server.shutdown()
            thread.join()


async def test_events_arrive_in_order_with_the_token_and_without_passwords(visitor: Visitor) -> None:
    receiver = Receiver()
    with receiver.serving() as url, LogStream(url, token="Bearer webhook").listening_to(visitor.tenant):
        await visitor.log_in(USER.model_copy(update={"password": "wrong"}))
        await visitor.log_in(ADMIN)
        # The end of the inner block waits for the events.
    assert [(each["data"]["type"], each["data"]["user_id"]) for each in receiver.events] == [
        ("fp", USER.user_id),
        ("s", ADMIN.user_id),
    ]
    assert all(each["log_id"] == each["data"]["log_id"] for each in receiver.events)
    assert receiver.authorization == {"Bearer webhook"}
    assert ADMIN.password not in json.dumps(receiver.events)


async def test_a_receiver_that_fails_three_times_gets_the_event(visitor: Visitor) -> None:
    receiver = Receiver(failures=3)
    with receiver.serving() as url:
        stream = LogStream(url)
        with stream.listening_to(visitor.tenant):
            await visitor.log_in(ADMIN)
    assert [each["data"]["type"] for each in receiver.events] == ["s"]
    assert (stream.lost, receiver.authorization) == (0, {None})


async def test_without_a_receiver_logins_go_on_and_the_loss_is_counted(visitor: Visitor) -> None:
    stream = LogStream("http://127.0.0.1:9/")
    with stream.listening_to(visitor.tenant):
        assert (await visitor.log_in(ADMIN)).status_code == 302
    assert stream.lost == 1
    await visitor.log_in(USER)
    assert stream.lost == 1
