import multiprocessing
import os

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
