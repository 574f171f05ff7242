import math

import pytest

from auth0_sso.metrics import families
from auth0_sso.metrics.families import Family
from auth0_sso.metrics.segment import MAX_SERIES, SEGMENT_BYTES, Counts, Segment, new_memory


def segment() -> Segment:
    return Segment(new_memory())


def values(of: Segment) -> dict[tuple[str, ...], float]:
    return {(series.family.name, *series.labels): of.numbers[series.at] for series in of.series()}


def test_the_next_process_continues_with_the_numbers_of_the_one_before() -> None:
    first = segment()
    Counts(first).add(families.REFUSALS, "missing_token", "missing_token", by=3)
    second = Segment(first.memory)
    counts = Counts(second)
    counts.add(families.REFUSALS, "missing_token", "missing_token")
    counts.add(families.REFUSALS, "invalid_token", "expired")
    found = {
        ("auth0_sso_refusals", "missing_token", "missing_token"): 4.0,
        ("auth0_sso_refusals", "invalid_token", "expired"): 1.0,
    }
    assert values(second) == found
    assert values(first) == found  # a reader that knew the segment before sees what was added


def test_gauges_of_an_earlier_process_are_absent_until_they_are_set_again() -> None:
    first = segment()
    Counts(first).set(families.STORE_UP, 1.0)
    second = Counts(Segment(first.memory))
    assert math.isnan(values(second.segment)["auth0_sso_shared_store_up",])
    second.set(families.STORE_UP, 0.0)
    assert values(second.segment)["auth0_sso_shared_store_up",] == 0.0


def test_a_gauge_is_not_added_only_to_be_absent() -> None:
    counts = Counts(segment())
    counts.set(families.STORE_UP, None)
    assert values(counts.segment) == {}


def test_beyond_the_limit_further_series_of_a_metric_share_one() -> None:
    counts = Counts(segment())
    for number in range(MAX_SERIES + 50):
        counts.add(families.TENANT_RETRIES, f"api {number}")
    counts.add(families.ALLOWED)
    found = values(counts.segment)
    assert len(found) == MAX_SERIES + 2
    assert found["auth0_sso_tenant_retries", "other"] == 50
    assert found["auth0_sso_requests_allowed",] == 1


def test_a_full_segment_keeps_what_it_has_and_loses_the_rest() -> None:
    counts = Counts(segment())
    histograms = [families.REQUEST_SECONDS, families.TENANT_SECONDS, families.VERIFICATION_SECONDS]
    for number in range(MAX_SERIES):
        for family in histograms:
            counts.add(family, *(f"{number} {'x' * 90}" for _ in family.labels), by=2.0)
        counts.add(families.REFUSALS, f"{number} {'é' * 90}", "é" * 100)
        counts.add(families.RATE_LIMIT_DECISIONS, f"{number} {'é' * 90}", "é" * 100, "é" * 100)
    found = values(counts.segment)
    assert found["auth0_sso_refusals", f"0 {'é' * 90}", "é" * 100] == 1.0
    assert len(found) < 5 * MAX_SERIES
    assert set(found.values()) <= {1.0, 2.0}
    assert len(counts.segment.memory) == SEGMENT_BYTES


@pytest.mark.parametrize("label", ["\ud800", 'quote"', "line\nbreak", "x" * 5000, "\x00"])
def test_any_label_can_be_counted_and_read(label: str) -> None:
    counts = Counts(segment())
    for _ in range(2):
        counts.add(families.TENANT_RETRIES, label)
    ((_, read),) = values(counts.segment)
    assert values(counts.segment) == {("auth0_sso_tenant_retries", read): 2.0}
    assert len(read) <= 100
    read.encode()


def test_series_of_a_family_that_this_version_does_not_know_are_left_out() -> None:
    shared = segment()
    of_newer_version = Family("auth0_sso_something_new", "histogram", "New.", ("a",), buckets=(1.0, 2.0))
    Counts(shared).add(families.ALLOWED)
    Segment(shared.memory).append(of_newer_version, ("b",))
    counts = Counts(Segment(shared.memory))
    counts.add(families.TENANT_RETRIES, "token")
    assert values(counts.segment) == {
        ("auth0_sso_requests_allowed",): 1.0,
        ("auth0_sso_tenant_retries", "token"): 1.0,
    }
