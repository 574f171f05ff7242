"""/u/organization-picker: the choice among the user's organizations, for applications that require one."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.authentication.prompts import organizations_of
from auth0_devtenant.authentication.responses import UntrustedRequestError
from auth0_devtenant.authentication.steps import advance, open_step
from auth0_devtenant.pages.organizations import organizations_page


async def show_organizations(request: Request) -> Response:
    """Show the user's organizations."""
    step = await open_step(request)
    return organizations_page(step.user.document["email"], organizations_of(step.tenant, step.user))


async def choose_organization(request: Request) -> Response:
    """Go on with the organization that was chosen."""
    step = await open_step(request)
    chosen = step.form.get("organization", "")
    if chosen not in {each.id for each in organizations_of(step.tenant, step.user)}:
        raise UntrustedRequestError("You are not a member of this organization.")
    step.login.organization_id = chosen
    return advance(step)
