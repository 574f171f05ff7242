"""Counts hits in the shared store, by one Lua script for each strategy: fixed_window.lua, moving_window.lua, ...

A script looks under all limits of a policy and counts in one step, in one message, by the server's clock, so that
replicas whose clocks differ keep one limit.
"""

from collections.abc import Sequence
from hashlib import blake2b
from importlib import resources
from math import ceil
from typing import Any

from auth0_sso.ratelimit.limiter import Quota, Strategy
from auth0_sso.ratelimit.policy import Limit
from auth0_sso.store.commands import KEY_PREFIX, Script
from auth0_sso.store.store import RedisStore


class RedisCounter:
    """Counts in the shared store."""

    def __init__(self, store: RedisStore, strategy: Strategy = "moving-window") -> None:
        self.strategy = strategy
        self._store = store
        file = resources.files("auth0_sso.ratelimit").joinpath(f"{strategy.replace('-', '_')}.lua")
        self._script = Script(file.read_text("utf-8"), wrote=_counted)

    async def hit(self, limits: Sequence[Limit], name: str, caller: str, cost: int) -> list[Quota]:
        """Return the quota under each limit before this hit; count `cost` under all if each has room, else none.

        Raises `StoreUnavailableError`.
        """
        numbers = [cost]
        for limit in limits:
            numbers += (limit.amount, limit.window)
        reply: list[Any] = await self._store.run(self._script, self._keys(limits, name, caller), numbers)
        return [
            Quota(remaining, ceil(float(reset)) or 1)
            for remaining, reset in zip(reply[1::2], reply[2::2], strict=True)
        ]

    def _keys(self, limits: Sequence[Limit], name: str, caller: str) -> list[str]:
        """Return the script's keys. The braces keep those of one caller on one node of a cluster.

        The caller is in them as a hash: a subject is personal data, and may be long.
        """
        digest = blake2b(caller.encode(), digest_size=12).hexdigest()
        budgets = [f"{KEY_PREFIX}:{self.strategy}:{{{digest}}}:{limit.name}:{name}" for limit in limits]
        if self.strategy != "sliding-window-counter":
            return budgets
        return [key for budget in budgets for key in (f"{budget}:previous", budget)]


def _counted(reply: list[Any]) -> bool:
    """Return whether a hit was counted. One over the limit only looked, which a full server allows."""
    return bool(reply[0] == 1)
