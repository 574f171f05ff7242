import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message

from auth0_sso.web.middleware.body_limit import LimitedBody


def not_begun() -> bool:
    return False


def body(*parts: bytes, length: bytes = b"") -> LimitedBody:
    messages: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]

    async def receive() -> Message:
        return messages.pop(0)

    return LimitedBody(receive, length, max_bytes=4)


async def test_a_body_in_parts_is_refused_where_it_passes_the_limit() -> None:
    limited = body(b"ab", b"cd", b"e")
    assert [(await limited.receive(not_begun))["body"] for _ in range(2)] == [b"ab", b"cd"]
    with pytest.raises(HTTPException) as raised:
        await limited.receive(not_begun)
    assert raised.value.status_code == 413


async def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    limited = body(length=b"5")
    with pytest.raises(HTTPException):
        await limited.receive(not_begun)


async def test_after_the_response_has_begun_a_long_body_is_a_disconnect() -> None:
    limited = body(b"abcde")
    assert await limited.receive(lambda: True) == {"type": "http.disconnect"}
