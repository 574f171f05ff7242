"""The emails that Auth0 would send: they stay in the tenant, and `GET /_development/mailbox` shows them."""

from secrets import randbelow

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.bodies import tenant_of
from auth0_devtenant.state import Message, Tenant

_MAX_MESSAGES = 1000


def send(tenant: Tenant, to: str, subject: str, text: str, *, code: str | None = None) -> None:
    """Put a message into the mailbox, which keeps the last 1000."""
    tenant.state.mailbox.append(Message(to, subject, text, tenant.timestamp(), code))
    del tenant.state.mailbox[:-_MAX_MESSAGES]


def new_code() -> str:
    """Return a one-time code of six digits."""
    return f"{randbelow(1_000_000):06}"


async def show_mailbox(request: Request) -> Response:
    """Return the messages, the newest first; with the parameter `to` those to one address."""
    to = request.query_params.get("to")
    messages = reversed(tenant_of(request).state.mailbox)
    return JSONResponse([message.document for message in messages if to in {None, message.to}])
