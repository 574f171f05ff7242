import multiprocessing
import os
import pickle
import tempfile
from multiprocessing import resource_sharer
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pytest

from auth0_sso.metrics import families
from auth0_sso.metrics.segment import Counts
from auth0_sso.metrics.shared_memory import SharedMemory

spawn = multiprocessing.get_context("spawn")


def count(shared: SharedMemory, index: int, times: int) -> None:
    counts = Counts(shared.segments()[index])
    for _ in range(times):
        counts.add(families.ALLOWED)
    os._exit(9)  # without any clean-up


def test_a_parent_reads_what_a_killed_process_counted() -> None:
    shared = SharedMemory()
    indices = [shared.add(), shared.add()]
    for times in (5, 7):  # the second pair of processes gets the segments of the first
        processes = [spawn.Process(target=count, args=(shared, index, times)) for index in indices]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
            assert process.exitcode == 9
    totals = [segment.numbers[segment.series()[0].at] for segment in shared.segments()]
    assert totals == [12.0, 12.0]
    shared.close()


def test_a_segment_that_is_added_later_is_seen_by_all() -> None:
    shared = SharedMemory()
    other = SharedMemory(os.dup(shared.descriptor))
    assert other.segments() == []
    shared.add()
    Counts(shared.segments()[0]).add(families.ALLOWED)
    assert other.segments()[0].numbers[other.segments()[0].series()[0].at] == 1.0
    other.close()
    shared.close()


def test_a_process_that_unpickles_it_has_the_same_memory() -> None:
    shared = SharedMemory()
    shared.add()
    try:
        other = pickle.loads(ForkingPickler.dumps(shared))  # noqa: S301 - as multiprocessing does
    finally:
        resource_sharer.stop()
    Counts(other.segments()[0]).add(families.ALLOWED)
    assert shared.segments()[0].numbers[shared.segments()[0].series()[0].at] == 1.0
    other.close()
    shared.close()


def test_without_memfd_the_memory_is_a_file_without_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shared = SharedMemory()
    shared.add()
    other = SharedMemory(os.dup(shared.descriptor))
    Counts(shared.segments()[0]).add(families.ALLOWED)
    assert other.segments()[0].numbers[other.segments()[0].series()[0].at] == 1.0
    assert list(tmp_path.iterdir()) == []
    other.close()
    shared.close()
