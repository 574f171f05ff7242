"""Health checks: liveness (/healthz) and readiness (/readyz). Neither calls Auth0 or the shared store."""

from math import ceil

from fastapi import APIRouter, Request

from auth0_sso.errors import KeysUnavailableError, ShuttingDownError
from auth0_sso.jwks.health import KeysHealth
from auth0_sso.service.schemas import (
    AuditState,
    IssuerState,
    KeyHealth,
    Liveness,
    ManagementState,
    Readiness,
    StoreState,
)
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.public_routes import public_route
from auth0_sso.web.problems.problems import problem_responses
from auth0_sso.web.services.services import Services

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

    Send no traffic while this is 503, but do not restart the process. The state of the shared store, the Management
    API, the audit database and further issuers is in the response and does not change its status: another process
    could not use them either.
    """
    services = services_of(request)
    request.app.state.drain.require_ready()
    first, *others = services.keys_health.items()
    if all(health.state == "missing" for _, health in (first, *others)):
        retry_after = max(1, ceil(first[1].next_refresh))
        raise KeysUnavailableError(first[1].last_error or "not_fetched_yet", retry_after=retry_after)
    return Readiness(
        signing_keys=_signing_keys(first[1]),
        shared_store=_shared_store(services),
        management=_management(services),
        audit_database=_audit_database(services),
        revocations=len(services.deny_list),
        other_issuers=[
            IssuerState(
                issuer=issuer,
                signing_keys=_signing_keys(health),
                management=_management(services.others.get(issuer, services)),
            )
            for issuer, health in others
        ],
    )


def _signing_keys(health: KeysHealth) -> KeyHealth:
    return KeyHealth(
        state=health.state,
        keys=health.keys,
        age=health.age,
        next_refresh=health.next_refresh,
        last_error=health.last_error,
    )


def _shared_store(services: Services) -> StoreState | None:
    if services.store is None:
        return None
    health = services.store.health
    return StoreState(state=health.state, last_error=health.last_error)


def _management(services: Services) -> ManagementState | None:
    if services.management is None:
        return None
    health = services.management.health
    return ManagementState(state=health.state, last_error=health.last_error)


def _audit_database(services: Services) -> AuditState | None:
    if services.audit is None or services.audit.health is None:
        return None
    health = services.audit.health()
    return AuditState(state=health.state, last_error=health.last_error, pending=health.pending, lost=health.lost)
