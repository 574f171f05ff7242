import os
import re
from concurrent.futures import ThreadPoolExecutor

from auth0_sso.web.middleware.request_id import new_request_id


def test_ids_are_32_hex_digits_and_never_repeat() -> None:
    ids = [new_request_id() for _ in range(10_000)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


def test_threads_do_not_share_an_id() -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = [
            each for some in threads.map(lambda _: [new_request_id() for _ in range(2000)], range(8)) for each in some
        ]
    assert len(set(ids)) == len(ids)


def test_a_forked_process_has_ids_of_its_own() -> None:
    new_request_id()
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, "".join(new_request_id() for _ in range(100)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    text = os.read(reader, 3200).decode()
    forked = {text[start : start + 32] for start in range(0, len(text), 32)}
    assert len(forked) == 100
    assert forked.isdisjoint(new_request_id() for _ in range(300))
    os.close(reader)
    os.close(writer)
