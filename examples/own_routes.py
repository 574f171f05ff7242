"""An app of your own with guarded routes: `AUTH0_DOMAIN=... AUTH0_AUDIENCE=... uvicorn examples.own_routes:app`."""

from typing import Annotated

from fastapi import Depends, FastAPI

from auth0_sso import AccessToken, CurrentToken, protect, require_any_role, require_permission

app = FastAPI()
protect(app)  # settings come from the environment


@app.get("/me")
async def show_me(token: CurrentToken) -> str:
    """Any verified token."""
    return token.subject


@app.get("/orders")
async def list_orders(token: Annotated[AccessToken, Depends(require_permission("read:orders"))]) -> list[str]:
    """A token with a permission."""
    return [f"an order of {token.subject}"]


@app.get("/reports", dependencies=[Depends(require_any_role("admin", "manager"))])
async def list_reports() -> list[str]:
    """A user with one of two roles, as Auth0's Management API has it."""
    return ["a report"]
