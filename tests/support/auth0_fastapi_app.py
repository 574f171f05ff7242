"""An API guarded by auth0-fastapi-api, as its README writes it."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi_plugin import Auth0FastAPI

from support.issuer_api import AUDIENCE


def fastapi_app(domain: str) -> FastAPI:
    auth0 = Auth0FastAPI(domain=domain, audience=AUDIENCE)
    app = FastAPI()

    @app.get("/any")
    async def read_any(claims: Annotated[dict[str, Any], Depends(auth0.require_auth())]) -> dict[str, str]:
        return {"sub": claims["sub"]}

    @app.get("/scope")
    async def read_scope(
        claims: Annotated[dict[str, Any], Depends(auth0.require_auth(scopes="read:data"))],
    ) -> dict[str, str]:
        return {"sub": claims["sub"]}

    return app
