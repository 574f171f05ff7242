"""/healthz and /readyz, for whoever runs the service. Neither asks anything of anyone."""

from fastapi import APIRouter, Request

from auth0_sso.web.dependencies import services_of
from auth0_sso.web.problems import problem_responses
from auth0_sso.web.schemas import KeyHealth, Liveness, Readiness

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def get_liveness() -> Liveness:
    """Answer that the process lives. Restart it when this fails."""
    return Liveness()


@router.get("/readyz", responses=problem_responses(503))
async def get_readiness(request: Request) -> Readiness:
    """Answer whether tokens can be verified now. Send no traffic while this is 503; do not restart for it."""
    keys = (await services_of(request)).keys
    health = keys.health
    if health.state == "missing":
        raise keys.unavailable()
    return Readiness(
        signing_keys=KeyHealth(
            state=health.state,
            keys=health.keys,
            age=health.age,
            next_refresh=health.next_refresh,
            last_error=health.last_error,
        )
    )
