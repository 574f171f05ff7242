"""/u/consent: whether the user allows an application what it requests (OIDC Core section 3.1.2.4)."""

from secrets import token_hex

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.authentication.prompts import client_of, consent_id
from auth0_devtenant.authentication.steps import advance, open_step
from auth0_devtenant.pages.consent import consent_page
from auth0_devtenant.state import Consent


async def show_consent(request: Request) -> Response:
    """Show what the application requests."""
    step = await open_step(request)
    api = step.tenant.api(step.request.audience or "")
    descriptions = {} if api is None else api.permissions
    scopes = {name: descriptions.get(name) or name for name in step.request.scope.split()}
    client = client_of(step.tenant, step.request)
    return consent_page(client.name, step.user.document["email"], scopes)


async def give_consent(request: Request) -> Response:
    """Store the consent and go on; a refusal is the button "Decline"."""
    step = await open_step(request)
    user, state = step.user, step.tenant.state
    step.login.consented = True
    key = consent_id(step.request, user)
    before = state.consents.get(key)
    scope = dict.fromkeys((*(() if before is None else before.scope), *step.request.scope.split()))
    state.consents[key] = Consent(
        id=token_hex(12) if before is None else before.id,
        client_id=step.request.client_id,
        user_id=user.user_id,
        audience=step.request.audience or "",
        scope=tuple(scope),
    )
    return advance(step)
