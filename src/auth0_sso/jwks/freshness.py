"""How long a JWK Set is used: fresh for `max_age`, then stale for `max_stale`."""

from dataclasses import dataclass

from auth0_sso.tokens.jwk import JwkSet


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long keys are used, all in seconds.

    `max_age` is for responses without a max-age (RFC 9111 section 5.2.2.1). After each `cooldown` an unknown kid may
    cause one more fetch that does not find it. `timeout` limits one fetch, discovery included.
    """

    max_age: float = 600
    cooldown: float = 30
    max_stale: float = 86_400
    timeout: float = 5


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """A JWK Set with its times, which are monotonic times of this process."""

    keys: JwkSet
    fetched_at: float
    fresh_until: float
    usable_until: float

    @classmethod
    def fetched(cls, keys: JwkSet, at: float, *, max_age: float, max_stale: float) -> "KeySnapshot":
        """Return the snapshot of keys that were fetched at a time, fresh for `max_age` seconds."""
        return cls(keys, at, at + max_age, at + max_age + max_stale)

    def is_fresh(self, now: float) -> bool:
        """Return whether the keys may be used without trying to fetch newer ones."""
        return now < self.fresh_until

    def is_usable(self, now: float) -> bool:
        """Return whether the keys may be used while newer ones cannot be fetched."""
        return now < self.usable_until
