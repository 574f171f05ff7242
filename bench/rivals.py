"""Other ways to guard a FastAPI route with Auth0, each written as its own documentation or the tutorials write it."""

import json
import os
from typing import Annotated, Any
from urllib.request import urlopen

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_plugin import Auth0FastAPI
from jose import JWTError, jwt

from apps import PATH


def python_jose() -> FastAPI:
    """Return the app of the tutorials: the JWK is searched and converted for every request."""
    domain, audience = os.environ["AUTH0_DOMAIN"], os.environ["AUTH0_AUDIENCE"]
    with urlopen(f"https://{domain}/.well-known/jwks.json") as response:
        jwks = json.load(response)
    app = FastAPI()

    async def verify(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(credentials.credentials)
            key = next(key for key in jwks["keys"] if key["kid"] == header["kid"])
            claims: dict[str, Any] = jwt.decode(
                credentials.credentials, key, algorithms=["RS256"], audience=audience, issuer=f"https://{domain}/"
            )
        except (JWTError, StopIteration):
            raise HTTPException(401, "Invalid token") from None
        return claims

    @app.get(PATH)
    async def read(_: Annotated[dict[str, Any], Depends(verify)]) -> dict[str, str]:
        return {"data": "x"}

    return app


def auth0_fastapi_api() -> FastAPI:
    """Return the app of the README of auth0-fastapi-api."""
    auth0 = Auth0FastAPI(domain=os.environ["AUTH0_DOMAIN"], audience=os.environ["AUTH0_AUDIENCE"])
    app = FastAPI()

    @app.get(PATH)
    async def read(_: Annotated[dict[str, Any], Depends(auth0.require_auth())]) -> dict[str, str]:
        return {"data": "x"}

    return app
