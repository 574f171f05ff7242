import pytest

from auth0_sso.service.http_protocol import backlog_for, max_connections_for


@pytest.mark.parametrize(("open_files", "backlog"), [(64, 16), (1024, 64), (20_000, 1250), (1_048_576, 2048)])
def test_the_backlog_is_a_sixteenth_of_the_open_file_limit(open_files: int, backlog: int) -> None:
    assert backlog_for(open_files) == backlog


@pytest.mark.parametrize(
    ("requested", "backlog", "open_files", "limit"),
    [
        (10_000, 2048, 1_048_576, 10_000),
        (10_000, 64, 1024, 768),
        (500, 64, 1024, 500),
        (10_000, 2048, 1024, 512),
        (10_000, 16, 64, 32),
    ],
    ids=["as-requested", "limited-by-open-files", "fewer-requested", "uvicorns-default-backlog", "few-open-files"],
)
def test_the_connection_limit_leaves_file_descriptors_free(
    requested: int, backlog: int, open_files: int, limit: int
) -> None:
    assert max_connections_for(requested, backlog, open_files) == limit
