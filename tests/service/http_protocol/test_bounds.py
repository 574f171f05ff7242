import pytest

from auth0_sso.service.http_protocol import backlog_for, connection_limit


@pytest.mark.parametrize(("open_files", "backlog"), [(64, 16), (1024, 64), (20_000, 1250), (1_048_576, 2048)])
def test_the_backlog_is_a_sixteenth_of_what_may_be_open(open_files: int, backlog: int) -> None:
    assert backlog_for(open_files) == backlog


@pytest.mark.parametrize(
    ("asked", "backlog", "open_files", "limit"),
    [
        (10_000, 2048, 1_048_576, 10_000),
        (10_000, 64, 1024, 768),
        (500, 64, 1024, 500),
        (10_000, 2048, 1024, 512),
        (10_000, 16, 64, 32),
    ],
    ids=["as-many-as-asked", "what-leaves-descriptors", "fewer-asked", "uvicorns-own-backlog", "hardly-any"],
)
def test_connections_leave_descriptors_for_other_things(
    asked: int, backlog: int, open_files: int, limit: int
) -> None:
    assert connection_limit(asked, backlog, open_files) == limit
