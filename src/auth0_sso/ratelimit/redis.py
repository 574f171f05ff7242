"""Counts in the shared store, by the library's own Lua scripts, joined so that one message looks and counts.

The library asks for each limit twice, and by the clock of whoever asks. Joined in one script it is one message for a
request, all limits of a policy hold in one step, and the server's clock goes for every replica.
"""

from collections.abc import Sequence
from hashlib import blake2b
from importlib import resources
from typing import Any, Final

from limits.aio.storage.redis.bridge import RedisBridge

from auth0_sso.ratelimit.counter import JUST_AFTER, Count, Strategy, Taken
from auth0_sso.ratelimit.policy import Limit
from auth0_sso.store.store import KEY_PREFIX, Script, SharedStore

# Each strategy of the library in its own words: what of a limit is used and in how many seconds that is less, and
# how to count. Its scripts read KEYS and ARGV, which are the parameters here.
_STRATEGIES: Final[dict[Strategy, str]] = {
    "moving-window": """
local function window(KEYS, ARGV) {moving_window} end
local function acquire(KEYS, ARGV) {acquire_moving_window} end
local function look(limit, now)
    local found = window(limit.keys, {{now - limit.window, limit.amount}})
    if found then
        return found[2], tonumber(found[1]) + limit.window - now
    end
    return 0, limit.window
end
local function hit(limit, now, cost)
    acquire(limit.keys, {{now, limit.amount, limit.window, cost}})
end
""",
    "sliding-window-counter": """
local function window(KEYS, ARGV) {sliding_window} end
local function acquire(KEYS, ARGV) {acquire_sliding_window} end
local function look(limit, now)
    local found = window(limit.keys, {{limit.window}})
    local previous, current = tonumber(found[1] or 0), tonumber(found[3] or 0)
    local previous_left, current_left = math.max(0, found[2]) / 1000, math.max(0, found[4]) / 1000
    if previous + current == 0 then
        return 0, limit.window
    end
    local reset = limit.window
    if previous > 0 then
        reset = previous_left % (limit.window / previous)
    end
    if current > 0 then
        reset = math.min(reset, current_left % limit.window)
    end
    return math.floor(previous * previous_left / limit.window) + current, reset + {just_after}
end
local function hit(limit, now, cost)
    acquire(limit.keys, {{limit.amount, limit.window, cost}})
end
""",
    "fixed-window": """
local function count(KEYS, ARGV) {incr_expire} end
local function look(limit, now)
    local left = redis.call('pttl', limit.keys[1])
    if left <= 0 then
        return 0, limit.window
    end
    return tonumber(redis.call('get', limit.keys[1])), left / 1000
end
local function hit(limit, now, cost)
    count(limit.keys, {{limit.window, cost}})
end
""",
}


class RedisCounter:
    """Counts in the shared store."""

    def __init__(self, store: SharedStore, strategy: Strategy = "moving-window") -> None:
        self.strategy = strategy
        self._store = store
        self._script = Script(_script(strategy), wrote=_counted)

    async def take(self, limits: Sequence[Limit], name: str, caller: str, cost: int) -> Taken:
        """Take `cost` from a caller's budget under a name if each limit has room for it, else from none.

        Raises `StoreUnavailableError`.
        """
        keys, numbers = self._keys(limits, name, caller), [cost]
        for limit in limits:
            numbers += (limit.amount, limit.window)
        answer: list[Any] = await self._store.run(self._script, keys, numbers)
        counts = [Count(left, float(reset)) for left, reset in zip(answer[1::2], answer[2::2], strict=True)]
        return Taken(_counted(answer), counts)

    def _keys(self, limits: Sequence[Limit], name: str, caller: str) -> list[str]:
        """Name a budget, under each limit. The braces keep all its keys on one node of a cluster.

        The caller is in it as a hash: a subject is nobody else's business, and may be long.
        """
        digest = blake2b(caller.encode(), digest_size=12).hexdigest()
        places = [f"{KEY_PREFIX}:{self.strategy}:{{{digest}}}:{limit.name}:{name}" for limit in limits]
        if self.strategy != "sliding-window-counter":
            return places
        return [key for place in places for key in (f"{place}:previous", place)]


def _counted(answer: list[Any]) -> bool:
    """Tell whether a request was counted: one that is refused is only looked at, which a full server allows."""
    return bool(answer[0] == 1)


def _script(strategy: Strategy) -> str:
    library = {
        name.removeprefix("SCRIPT_").lower(): text.decode()
        for name, text in vars(RedisBridge).items()
        if name.startswith("SCRIPT_")
    }
    functions = _STRATEGIES[strategy].format(**library, just_after=JUST_AFTER)
    return functions + resources.files("auth0_sso.ratelimit").joinpath("take.lua").read_text()
