"""The counts of one process as its guards use them: in the shared store where there is one, else in memory."""

from typing import Final, Literal

from auth0_sso.errors import StoreUnavailableError
from auth0_sso.ratelimit.limiter import RateLimiter, Verdict
from auth0_sso.ratelimit.policy import Policy

OnStoreError = Literal["local", "allow", "deny"]
"""While the store is down: each process counts for itself, everybody passes, or nobody does (503)."""

UNCOUNTED: Final = Verdict(())


class RateLimits:
    """Takes from a budget, wherever it is kept."""

    def __init__(
        self, local: RateLimiter, shared: RateLimiter | None = None, *, on_store_error: OnStoreError = "local"
    ) -> None:
        """Take the limiter in memory and, where there is one, that of a shared store."""
        self._local = local
        self._shared = shared
        self._on_store_error = on_store_error

    async def take(self, policy: Policy, name: str, caller: str, *, cost: int = 1) -> Verdict:
        """Take `cost` from the budget that a caller has under a name.

        Raises `StoreUnavailableError` where nobody may pass uncounted.
        """
        if self._shared is None:
            return await self._local.take(policy, name, caller, cost=cost)
        try:
            return await self._shared.take(policy, name, caller, cost=cost)
        except StoreUnavailableError:
            if self._on_store_error == "deny":
                raise
        if self._on_store_error == "allow":
            return UNCOUNTED
        return await self._local.take(policy, name, caller, cost=cost)
