"""GET /api/data: for any token, with a rate limit."""

from datetime import UTC, datetime

from fastapi import APIRouter

from auth0_sso.service.schemas import DataResponse
from auth0_sso.web.guards.guarded_route import GuardedRoute
from auth0_sso.web.guards.rate_limits import LimitedToken

router = APIRouter(prefix="/api", tags=["data"], route_class=GuardedRoute)


@router.get("/data")
async def get_data(token: LimitedToken) -> DataResponse:
    """Return the data. Each subject has a rate limit (see the RateLimit headers); above it the response is 429."""
    kind = "a machine" if token.is_machine else "a user"
    return DataResponse(data=[f"for {kind}"], timestamp=datetime.now(UTC).isoformat(timespec="seconds"))
