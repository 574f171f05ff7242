from uuid import UUID

from auth0_sso.audit.record import RecordIds, new_id, utc
from auth0_sso.clock import WallTime

NOW = WallTime(1_769_860_800.25)


def test_an_id_is_a_uuid_of_its_time() -> None:
    made = UUID(new_id(NOW))
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(NOW * 1000)


def test_later_ids_are_greater_even_where_the_clock_is_set_back() -> None:
    ids = RecordIds()
    made = [ids.next(WallTime(NOW + seconds)) for seconds in (0, 0, 0, -3600, 1, 0.5)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(UUID(each).version == 7 for each in made)


def test_a_time_is_in_utc() -> None:
    assert utc(NOW).isoformat() == "2026-01-31T12:00:00.250000+00:00"
