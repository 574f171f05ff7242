"""The Redis or Valkey that processes share, and what workers do without one."""

from collections.abc import AsyncIterator
from typing import Final

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.service.doctor.examination import Examination
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped, warned
from auth0_sso.store.commands import KEY_PREFIX
from auth0_sso.store.store import RedisStore

_URL: Final = "redis://user:password@host:6379/0, docs/operations.md"
_ROUNDS: Final = 3


async def check_redis(examination: Examination) -> AsyncIterator[Finding]:
    """Connect to the store, and have it refuse or accept a write that changes nothing."""
    settings = examination.settings
    if not settings.has_shared_store:
        yield skipped("not set up: each process counts for itself", f"set RATE_LIMIT_STORAGE_URL, such as {_URL}")
        return
    timeout = settings.rate_limit_store_timeout_seconds
    store = RedisStore(settings.rate_limit_storage_url.get_secret_value(), timeout=timeout, clock=examination.clock)
    try:
        await store.open()
        started = examination.clock.monotonic()
        for _ in range(_ROUNDS):
            await store.require_writes(f"{KEY_PREFIX}:doctor")
        seconds = (examination.clock.monotonic() - started) / _ROUNDS
    except StoreUnavailableError as error:
        reason = store.health.last_error or error.reason
        yield failed(
            f"RATE_LIMIT_STORAGE_URL does not take writes: {reason}", f"start it, or correct the URL: {_URL}"
        )
        return
    finally:
        await store.aclose()
    if seconds > timeout / 2:
        fix = "use one nearer by, or raise RATE_LIMIT_STORE_TIMEOUT_SECONDS"
        yield warned(f"a call to the store takes {seconds * 1000:.0f} ms, of {timeout * 1000:.0f} allowed", fix)
    else:
        yield passed(f"the store takes writes, in {seconds * 1000:.1f} ms")


async def check_workers(examination: Examination) -> AsyncIterator[Finding]:
    """Find several workers without a store: each has its own rate limits and role cache."""
    settings = examination.settings
    if settings.workers == 1 or settings.has_shared_store:
        yield passed(f"WORKERS is {settings.workers}{', with a shared store' if settings.has_shared_store else ''}")
        return
    yield warned(
        f"{settings.workers} workers share nothing: callers get up to {settings.workers} times the rate limit, and a "
        f"removed role may last {settings.auth0_role_ttl_seconds:.0f} s",
        f"set RATE_LIMIT_STORAGE_URL, such as {_URL}",
    )
