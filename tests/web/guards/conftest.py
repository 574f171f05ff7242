"""Every test of the guards runs twice: with guards that FastAPI runs as dependencies, and in a `GuardedRoute`."""

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from auth0_sso import GuardedRoute


@pytest.fixture(
    autouse=True, params=[pytest.param(APIRoute, id="dependencies"), pytest.param(GuardedRoute, id="guarded-route")]
)
def route_class(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[APIRoute]:
    """What apps and routers make their routes of, unless they say otherwise."""
    defaults = APIRouter.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "route_class", request.param)
    chosen: type[APIRoute] = request.param
    return chosen
