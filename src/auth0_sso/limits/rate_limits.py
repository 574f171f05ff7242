"""The counts of one process as its guards use them: in the shared store where there is one, else in memory."""

from collections.abc import Awaitable, Callable
from typing import Final, Literal, Protocol, TypeVar

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.limits.limiter import RateLimiter, Verdict
from auth0_sso.limits.policy import Policy

OnStoreError = Literal["local", "allow", "deny"]
"""While the store is down: each process counts for itself, everybody passes, or nobody does (503)."""

UNCOUNTED: Final = Verdict(())

_T = TypeVar("_T")


class Store(Protocol):
    """What bounds the wait for a store, and leaves it alone while it is down."""

    async def ask(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Return what `call` does with the store; raise `StoreUnavailableError` where it cannot."""


class RateLimits:
    """Takes from a budget, wherever it is kept."""

    def __init__(
        self,
        local: RateLimiter,
        shared: RateLimiter | None = None,
        store: Store | None = None,
        *,
        on_store_error: OnStoreError = "local",
    ) -> None:
        """Take the limiter in memory and, together, one in a shared store and what asks that store."""
        self._local = local
        self._shared = shared
        self._store = store
        self._on_store_error = on_store_error

    async def take(self, policy: Policy, *key: str, cost: int = 1) -> Verdict:
        """Take `cost` from the budget of `key`; raise `StoreUnavailableError` where nobody may pass uncounted."""
        if self._shared is None or self._store is None:
            return await self._local.take(policy, *key, cost=cost)
        shared = self._shared
        try:
            return await self._store.ask(lambda: shared.take(policy, *key, cost=cost))
        except StoreUnavailableError:
            if self._on_store_error == "deny":
                raise
        return await self._local.take(policy, *key, cost=cost) if self._on_store_error == "local" else UNCOUNTED
