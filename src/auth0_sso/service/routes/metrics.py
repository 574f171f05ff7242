"""GET /metrics, if METRICS_ENABLED is set: for a Prometheus scraper in a private network."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.public_routes import public_route

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
@public_route
async def get_metrics(request: Request) -> Response:
    """Return this process's metrics in the Prometheus exposition format."""
    metrics = services_of(request).metrics
    assert metrics is not None  # noqa: S101 - the route is there only with METRICS_ENABLED
    return Response(metrics.exposition(), headers={"Content-Type": metrics.content_type})
