"""/u/select-account: go on as the user of the session, or log in as another one (prompt=select_account)."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.authentication.prompts import client_of
from auth0_devtenant.authentication.steps import advance, open_step
from auth0_devtenant.pages.accounts import accounts_page


async def show_accounts(request: Request) -> Response:
    """Show the account of the session."""
    step = await open_step(request)
    return accounts_page(step.user, application=client_of(step.tenant, step.request).name)


async def select_account(request: Request) -> Response:
    """Go on with the account that was chosen."""
    step = await open_step(request)
    step.login.account = "session" if step.form.get("account") == "session" else "other"
    return advance(step)
