import threading

from auth0_sso.audit.queue import RecordQueue
from support.audit_records import audit_record

RECORDS = [audit_record() for _ in range(5)]


def test_a_full_queue_loses_new_records_and_counts_them() -> None:
    queue = RecordQueue(maximum=3)
    for record in RECORDS:
        queue.write(record)
    assert queue.take(10) == RECORDS[:3]
    assert queue.lost == 2


def test_records_that_are_put_back_come_first_again() -> None:
    queue = RecordQueue(maximum=3)
    for record in RECORDS[:3]:
        queue.write(record)
    queue.put_back(queue.take(2))
    assert queue.take(10) == RECORDS[:3]
    assert queue.lost == 0


def test_records_that_were_taken_count_until_they_are_settled() -> None:
    queue = RecordQueue()
    for record in RECORDS:
        queue.write(record)
    taken = queue.take(3)
    assert len(queue) == 5
    queue.settle(taken)
    assert len(queue) == 2


def test_the_first_write_after_each_rearming_wakes() -> None:
    woken: list[str] = []
    queue = RecordQueue()
    queue.on_write(lambda: woken.append("woken"))
    assert woken == []
    for record in RECORDS[:3]:
        queue.write(record)
    assert woken == ["woken"]
    queue.take(10)
    queue.write(RECORDS[3])
    assert woken == ["woken"]
    queue.rearm()
    assert woken == ["woken", "woken"]
    queue.take(10)
    queue.rearm()
    assert woken == ["woken", "woken"]
    queue.write(RECORDS[3])
    assert woken == ["woken", "woken", "woken"]


def test_records_written_before_there_is_a_reader_wake_it() -> None:
    woken: list[str] = []
    queue = RecordQueue()
    queue.write(RECORDS[0])
    queue.on_write(lambda: woken.append("woken"))
    assert woken == ["woken"]


def test_a_closed_queue_keeps_what_it_has_and_takes_no_more() -> None:
    queue = RecordQueue()
    queue.write(RECORDS[0])
    queue.close()
    queue.write(RECORDS[1])
    assert queue.take(10) == RECORDS[:1]
    assert queue.lost == 1


def test_records_of_many_threads_are_all_there() -> None:
    queue = RecordQueue()

    def write() -> None:
        for _ in range(500):
            queue.write(RECORDS[0])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(queue) == 2000
    assert queue.lost == 0


def test_records_that_cannot_be_kept_are_counted() -> None:
    queue = RecordQueue()
    queue.lose(3)
    assert queue.lost == 3
