"""What an operator watches, in the Prometheus exposition format: refusals by their reason, and the signing keys."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from auth0_sso.errors import Auth0SsoError
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.web.services.components import Store


class PrometheusMetrics:
    """The metrics of one app; each worker process has its own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, keys_health: Callable[[], KeysHealth], store: Store | None = None) -> None:
        """Take what returns the state of the keys, and the shared store if there is one; each scrape reads both."""
        self._registry = CollectorRegistry()
        self._registry.register(_SigningKeys(keys_health))
        if store is not None:
            self._registry.register(_SharedStore(store))
        self._refusals = Counter(
            "auth0_sso_refusals",
            "Refused requests, by code and reason.",
            ("code", "reason"),
            registry=self._registry,
        )

    def count_refusal(self, error: Auth0SsoError) -> None:
        """Count a request that ends in this error."""
        self._refusals.labels(error.code, error.reason).inc()

    def exposition(self) -> bytes:
        """Return all metrics as text."""
        return generate_latest(self._registry)


class _SigningKeys(Collector):
    def __init__(self, keys_health: Callable[[], KeysHealth]) -> None:
        self._keys_health = keys_health

    def collect(self) -> Iterator[GaugeMetricFamily]:
        health = self._keys_health()
        state = GaugeMetricFamily(
            "auth0_sso_signing_keys_state",
            "1 for the current state of the signing keys, 0 for the others.",
            labels=["state"],
        )
        for name in ("fresh", "stale", "missing"):
            state.add_metric([name], float(name == health.state))
        yield state
        yield GaugeMetricFamily("auth0_sso_signing_keys", "Signing keys that can verify tokens.", value=health.keys)
        yield GaugeMetricFamily(
            "auth0_sso_signing_keys_failures", "Consecutive failed fetches of the keys.", value=health.failures
        )
        yield GaugeMetricFamily(
            "auth0_sso_signing_keys_next_refresh_seconds",
            "Seconds until the keys are fetched again.",
            value=health.next_refresh,
        )
        if health.age is not None:
            yield GaugeMetricFamily(
                "auth0_sso_signing_keys_age_seconds", "Seconds since the keys were fetched.", value=health.age
            )


class _SharedStore(Collector):
    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "auth0_sso_shared_store_up",
            "1 while the shared store accepts writes, 0 while it is down.",
            value=float(self._store.health.state == "up"),
        )
