"""/u/login: the first factor, by password or by one click (Auth0: "Universal Login")."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.authentication import choices, prompts
from auth0_devtenant.authentication.steps import Step, authenticated, open_step, redirect
from auth0_devtenant.pages.login import login_page


async def show_login(request: Request) -> Response:
    """Show the login form."""
    step = await open_step(request)
    return _page(step, email=step.request.login_hint)


async def log_in(request: Request) -> Response:
    """Check the password of the form, or take the person whose button was pressed."""
    step = await open_step(request)
    if "connection" in step.form:
        step.login.second_factor = step.form.get("second_factor") == "on"
        return redirect(step, prompts.CONNECTION, connection=step.form["connection"])
    if "user_id" in step.form:
        user = next((each for each in choices.people(step) if each.user_id == step.form["user_id"]), None)
        error = "This person does not exist any more."
    else:
        given = step.form.get("username", ""), step.form.get("password", "")
        user = step.tenant.check_password(*given) if choices.with_password(step) else None
        error = "Wrong email or password."
    if user is None:
        return _page(step, email=step.form.get("username", ""), error=error)
    return authenticated(step, user)


def _page(step: Step, *, email: str, error: str = "") -> Response:
    return login_page(
        step.state,
        choices.people(step),
        choices.external_connections(step),
        with_password=choices.with_password(step),
        application=prompts.client_of(step.tenant, step.request).name,
        organization=choices.organization_name(step),
        email=email,
        error=error,
    )
