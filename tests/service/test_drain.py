from collections.abc import Callable

import pytest

from auth0_sso.errors import ShuttingDownError
from auth0_sso.service.drain import Drain


def test_a_replaced_worker_is_ready_during_draining() -> None:
    drain = Drain()
    drain.start_replacement()
    drain.require_ready()
    drain.start_shutdown()
    with pytest.raises(ShuttingDownError):
        drain.require_ready()


@pytest.mark.parametrize("start", [Drain.start_shutdown, Drain.start_replacement])
def test_draining_that_starts_again_is_logged_once(
    start: Callable[[Drain], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    drain = Drain()
    start(drain)
    start(drain)
    assert drain.is_draining
    assert caplog.text.count("draining connections") == 1
