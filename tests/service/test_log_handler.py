"""What is written, with real pipes: whole lines in their order, and no caller that waits for a reader."""

import fcntl
import logging
import os
import re
import sys
import termios
import threading
import time
from collections.abc import Iterator
from io import FileIO, RawIOBase
from select import PIPE_BUF

import pytest

from auth0_sso.service import log_handler
from auth0_sso.service.log_handler import MAX_BUFFERED, ThreadedHandler
from support.access_records import access_line

LARGE = "x" * (MAX_BUFFERED // 10)
FITTING = 9
"""How many of these lines may wait."""


class Pipe:
    """A pipe that a handler writes to, and that is read when the test says so."""

    def __init__(self) -> None:
        reader, writer = os.pipe()
        self.reader, self.writer = FileIO(reader), FileIO(writer, "w")
        self.handler = ThreadedHandler(self.writer)

    def log(self, message: str, *args: object, level: int = logging.INFO) -> None:
        log(self.handler, message, *args, level=level)

    def read_to_end(self) -> list[str]:
        """Return all lines; nothing more can be logged."""
        taken: list[bytes] = []
        thread = threading.Thread(target=lambda: taken.append(self.reader.readall()))
        thread.start()
        self.handler.close()
        self.writer.close()
        thread.join()
        return taken[0].decode().splitlines()


class Disk(RawIOBase):
    """A disk that may be full."""

    def __init__(self) -> None:
        self.full = True
        self.taken = b""

    def write(self, data: bytes) -> int:  # type: ignore[override]  # typed for any buffer; the handler writes bytes
        if self.full:
            raise OSError("No space left on device")
        self.taken += data
        return len(data)


def waiting(pipe: Pipe) -> int:
    """Return how many bytes are in the pipe."""
    return int.from_bytes(fcntl.ioctl(pipe.reader.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


def log(handler: logging.Handler, message: str, *args: object, level: int = logging.INFO) -> None:
    handler.handle(logging.LogRecord("name", level, "file", 1, message, args, None))


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.reader.close()
    pipe.handler.close()
    pipe.writer.close()


def test_lines_come_out_in_their_order(pipe: Pipe) -> None:
    for number in range(5000):
        pipe.log("line %d", number)
    assert pipe.read_to_end() == [f"line {number}" for number in range(5000)]


def test_a_line_is_written_without_a_flush(pipe: Pipe) -> None:
    pipe.log("by the thread")
    assert pipe.reader.read(100) == b"by the thread\n"


def test_lines_of_requests_keep_their_place(pipe: Pipe) -> None:
    for number in range(3000):
        if number % 3:
            pipe.log("%d", number)
        else:
            pipe.handler.take(access_line(str(number)))
    assert [int(line.removeprefix("GET ").split()[0]) for line in pipe.read_to_end()] == list(range(3000))


def test_records_of_requests_that_wait_are_limited_too(pipe: Pipe) -> None:
    line, logged = access_line("x"), 5 * MAX_BUFFERED // 200
    for _ in range(logged):
        pipe.handler.take(line)
    lines = pipe.read_to_end()
    lost = [int(found[1]) for line in lines if (found := re.match(r"(\d+) log records are missing", line))]
    kept = [line for line in lines if "missing" not in line]
    assert 0 < len(kept) == logged - sum(lost)
    assert sum(map(len, kept)) < 2 * MAX_BUFFERED


def test_a_stopped_reader_delays_no_caller(pipe: Pipe) -> None:
    for number in range(30):
        pipe.log("%d %s", number, LARGE)  # a pipe takes 64 KiB: a write of the caller's would not return
    kept = [line.split()[0] for line in pipe.read_to_end() if LARGE in line]
    assert kept == [str(number) for number in range(FITTING)]


def test_a_flush_gives_up_while_the_thread_hangs_in_a_write(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe.log(LARGE)
    while waiting(pipe) < PIPE_BUF:  # the write has begun, and a pipe does not take all of it
        time.sleep(0.001)
    with monkeypatch.context() as impatient:
        impatient.setattr(log_handler, "_FLUSH_TIMEOUT", 0.01)
        pipe.log("later")
        pipe.handler.flush()
    assert waiting(pipe) < len(LARGE)
    assert pipe.read_to_end() == [LARGE, "later"]


def test_lost_records_are_counted_after_those_before_them(pipe: Pipe) -> None:
    for _ in range(FITTING + 5):
        pipe.log(LARGE)
    *kept, last = pipe.read_to_end()
    lost = [int(found[1]) for line in (*kept, last) if (found := re.match(r"(\d+) log records are missing", line))]
    assert sum(lost) == 5
    assert last != LARGE
    assert kept[:FITTING] == [LARGE] * FITTING


def test_warnings_find_room_where_other_records_are_dropped(pipe: Pipe) -> None:
    for _ in range(FITTING + 1):
        pipe.log(LARGE)
    pipe.log("warning %s", LARGE, level=logging.WARNING)
    pipe.log("info %s", LARGE)
    starts = [line.split()[0] for line in pipe.read_to_end()]
    assert "warning" in starts
    assert "info" not in starts


def test_after_a_loss_new_records_are_written(pipe: Pipe) -> None:
    for _ in range(FITTING + 1):
        pipe.log(LARGE)
    while b"missing" not in pipe.reader.read(1 << 20):
        pass
    pipe.log("and on")
    assert pipe.read_to_end()[-1] == "and on"


def test_a_full_disk_loses_only_what_is_logged_meanwhile() -> None:
    disk = Disk()
    handler = ThreadedHandler(disk)
    for number in range(3):
        log(handler, "%d", number)
    handler.flush()
    disk.full = False
    log(handler, "room again")
    handler.close()
    assert disk.taken == b"3 log records are missing here: the output did not take them\nroom again\n"


def test_each_write_is_one_that_a_pipe_takes_whole() -> None:
    sizes = []

    class Sizes(Disk):
        def write(self, data: bytes) -> int:  # type: ignore[override]  # as above
            sizes.append(len(data))
            return len(data)

    handler = ThreadedHandler(Sizes())
    for length in (10, PIPE_BUF - 20, 20, PIPE_BUF + 10, 5, 5):
        log(handler, "x" * (length - 1))
    handler.close()
    assert max(size for size in sizes if size != PIPE_BUF + 10) <= PIPE_BUF
    assert sum(sizes) == 2 * PIPE_BUF + 30


def test_a_non_blocking_output_loses_nothing(pipe: Pipe) -> None:
    os.set_blocking(pipe.writer.fileno(), False)
    for number in range(5000):
        pipe.log("%05d %s", number, "x" * 100)
    lines = pipe.read_to_end()
    assert [int(line[:5]) for line in lines] == list(range(5000))


def test_a_closed_handler_writes_at_once(pipe: Pipe) -> None:
    pipe.handler.close()
    pipe.log("at exit")
    os.set_blocking(pipe.reader.fileno(), False)
    assert pipe.reader.read(100) == b"at exit\n"


def test_a_message_without_its_arguments_stops_nothing(pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> None:
    pipe.log("%s and %s", "one")
    pipe.log("the next one")
    assert pipe.read_to_end() == ["the next one"]
    assert "not enough arguments for format string" in capsys.readouterr().err


def test_text_that_has_no_utf_8_is_escaped(pipe: Pipe) -> None:
    pipe.log("lone surrogate %s", "\ud800")
    assert pipe.read_to_end() == ["lone surrogate \\ud800"]
