"""An API for orders, guarded by Auth0."""

from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field

from auth0_sso import AccessToken, protect, public_route, rate_limit, require_permission, require_role

app = FastAPI(title="Orders")
protect(app)  # settings come from the environment

Reader = Annotated[AccessToken, Depends(require_permission("read:orders"))]
Writer = Annotated[AccessToken, Depends(require_permission("write:orders"))]


class NewOrder(BaseModel):
    """What a customer orders."""

    article: str = Field(min_length=1, max_length=100)
    pieces: int = Field(1, ge=1, le=100)


class Order(NewOrder):
    """An order, with the user who placed it."""

    number: int
    placed_by: str


orders: list[Order] = []


@app.get("/quote")
@public_route
async def get_quote(pieces: int = 1) -> str:
    """Return a price; no login is needed."""
    return f"{pieces * 3} EUR"


@app.get("/orders")
async def list_orders(token: Reader) -> list[Order]:
    """List the orders of the caller."""
    return [order for order in orders if order.placed_by == token.subject]


@app.post("/orders", status_code=201, dependencies=[Depends(rate_limit("10/minute"))])
async def place_order(new: NewOrder, token: Writer) -> Order:
    """Place an order."""
    order = Order(**new.model_dump(), number=len(orders) + 1, placed_by=token.subject)
    orders.append(order)
    return order


@app.get("/report", dependencies=[Depends(require_role("auditor"))])
async def get_report() -> dict[str, int]:
    """Count the pieces by article, for auditors: the Management API says who is one."""
    pieces: dict[str, int] = {}
    for order in orders:
        pieces[order.article] = pieces.get(order.article, 0) + order.pieces
    return pieces
