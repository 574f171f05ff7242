"""/u/signup: the form that creates a user of the database connection (Auth0: `screen_hint=signup`)."""

from secrets import token_hex
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.authentication import prompts
from auth0_devtenant.authentication.steps import authenticated, open_step
from auth0_devtenant.pages.signup import signup_page
from auth0_devtenant.passwords import is_strong
from auth0_devtenant.seed import DATABASE

_WEAK_PASSWORD: Final = "The password is too weak."  # noqa: S105 - the text of an error, not a secret


async def show_signup(request: Request) -> Response:
    """Show the sign-up form."""
    step = await open_step(request)
    client = prompts.client_of(step.tenant, step.request)
    return signup_page(step.state, application=client.name, email=step.request.login_hint)


async def sign_up(request: Request) -> Response:
    """Create the user and go on as after a login."""
    step = await open_step(request)
    email, password = step.form.get("email", "").strip().lower(), step.form.get("password", "")
    database = step.tenant.connection(DATABASE)
    error = ""
    if database is None:
        error = "Sign-ups are closed."
    elif not email or email.startswith("@") or "@" not in email:
        error = "This is not an email address."
    elif not is_strong(database, password):
        error = _WEAK_PASSWORD
    elif step.tenant.find_by_email(email) is not None:
        error = "The user already exists."
    if error:
        client = prompts.client_of(step.tenant, step.request)
        return signup_page(step.state, application=client.name, email=email, error=error)
    user = step.tenant.add_user(f"auth0|{token_hex(12)}", email, password)
    step.tenant.log("ss", "Successful signup", user, client_id=step.request.client_id)
    return authenticated(step, user)
