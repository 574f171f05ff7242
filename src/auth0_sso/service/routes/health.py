"""Health checks: liveness (/healthz) and readiness (/readyz). Neither calls Auth0 or the shared store."""

from math import ceil

from fastapi import APIRouter, Request

from auth0_sso.errors import KeysUnavailableError, ShuttingDownError
from auth0_sso.service.schemas import KeyHealth, Liveness, Readiness, StoreState
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.public_routes import public_route
from auth0_sso.web.problems.problems import problem_responses

router = APIRouter(tags=["health"])


@router.get("/healthz")
@public_route
async def get_liveness() -> Liveness:
    """Liveness check: the process responds. Restart it if this fails."""
    return Liveness()


@router.get("/readyz", responses=problem_responses(KeysUnavailableError, ShuttingDownError))
@public_route
async def get_readiness(request: Request) -> Readiness:
    """Readiness check: the process can verify tokens and is not shutting down.

    Send no traffic while this is 503, but do not restart the process. If the shared store is down, the response says
    so and stays 200: RATE_LIMIT_ON_STORE_ERROR decides what happens to requests then.
    """
    services = services_of(request)
    request.app.state.drain.require_ready()
    health = services.keys_health
    store = None if services.store is None else services.store.health
    if health.state == "missing":
        retry_after = max(1, ceil(health.next_refresh))
        raise KeysUnavailableError(health.last_error or "not_fetched_yet", retry_after=retry_after)
    return Readiness(
        signing_keys=KeyHealth(
            state=health.state,
            keys=health.keys,
            age=health.age,
            next_refresh=health.next_refresh,
            last_error=health.last_error,
        ),
        shared_store=None if store is None else StoreState(state=store.state, last_error=store.last_error),
    )
