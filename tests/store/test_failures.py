import pytest
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from auth0_sso.store.failures import needs_new_connection, reason_of

IN_A_SCRIPT_OF_REDIS_6 = (
    "Error running script (call to f_3aa58052d5f48ebf80dfc50fe1a56cc7d4ef0d59): @user_script:58: @user_script: 58: "
)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(RedisConnectionError("Connection closed by server."), "connection", id="lost"),
        pytest.param(RedisTimeoutError("Timeout reading from 10.0.0.1:6379"), "timeout", id="silent"),
        pytest.param(ReadOnlyError("You can't write.", status_code="READONLY"), "read_only", id="demoted"),
        pytest.param(MasterDownError("Link is down.", status_code="MASTERDOWN"), "master_down", id="no-master"),
        pytest.param(
            ClusterDownError("The cluster is down", status_code="CLUSTERDOWN"), "cluster_down", id="cluster"
        ),
        pytest.param(BusyLoadingError("Redis is loading"), "busy_loading", id="loading"),
        pytest.param(ResponseError("NOREPLICAS Not enough good replicas to write."), "noreplicas", id="isolated"),
        pytest.param(
            ResponseError("UNBLOCKED force unblock from blocking operation, instance state changed"),
            "unblocked",
            id="demoted-while-waiting",
        ),
        pytest.param(
            ResponseError(f"{IN_A_SCRIPT_OF_REDIS_6}-READONLY You can't write against a read only replica."),
            "readonly",
            id="demoted-in-a-script-of-redis-6",
        ),
    ],
)
def test_a_lost_connection_or_no_master_needs_a_new_connection(error: Exception, reason: str) -> None:
    assert needs_new_connection(error)
    assert reason_of(error) == reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(TimeoutError(), "timeout", id="silent-for-longer-than-we-wait"),
        pytest.param(OutOfMemoryError("command not allowed", status_code="OOM"), "out_of_memory", id="full"),
        pytest.param(ResponseError(f"{IN_A_SCRIPT_OF_REDIS_6}-OOM command not allowed"), "oom", id="full-in-redis-6"),
        pytest.param(ResponseError("MISCONF Redis is configured to save RDB snapshots"), "misconf", id="cannot-save"),
        pytest.param(ResponseError("WRONGTYPE Operation against a key"), "wrongtype", id="wrong-type"),
        pytest.param(ResponseError("ERR READ of the-secret-word failed"), "response", id="another"),
        pytest.param(OSError("10.0.0.1"), "os", id="socket"),
    ],
)
def test_a_refusal_of_the_master_needs_no_new_connection(error: Exception, reason: str) -> None:
    assert not needs_new_connection(error)
    assert reason_of(error) == reason


def test_a_reply_needs_no_new_connection() -> None:
    assert not any(map(needs_new_connection, (None, 1, b"READONLY", [b"READONLY"])))
