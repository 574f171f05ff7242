"""GET /api/data: any token, so many times a minute."""

from datetime import UTC, datetime

from fastapi import APIRouter

from auth0_sso.service.schemas import DataAnswer
from auth0_sso.web.rate_limits import LimitedToken

router = APIRouter(prefix="/api", tags=["data"])


@router.get("/data")
async def get_data(token: LimitedToken) -> DataAnswer:
    """Return the data. Each subject has a budget, told in the RateLimit headers; past it the answer is 429."""
    kind = "a machine" if token.is_machine else "a user"
    return DataAnswer(data=[f"for {kind}"], timestamp=datetime.now(UTC).isoformat(timespec="seconds"))
