"""GET /: public, with an optional token."""

from fastapi import APIRouter

from auth0_sso.service.schemas import Home, VisibleClaims
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.guards.guarded_route import GuardedRoute
from auth0_sso.web.guards.token_guards import OptionalToken

router = APIRouter(tags=["home"], route_class=GuardedRoute)


@router.get("/")
async def show_home(token: OptionalToken) -> Home:
    """Return the caller's claims, or an anonymous greeting without a token. An invalid token is refused."""
    if token is None:
        return Home(message="Welcome. Send an access token to see its claims.", authenticated=False, user=None)
    return Home(message="Welcome back.", authenticated=True, user=_visible_claims(token))


def _visible_claims(token: AccessToken) -> VisibleClaims:
    return VisibleClaims(
        sub=token.subject,
        iss=token.issuer,
        aud=list(token.audiences),
        iat=token.issued_at,
        exp=token.expires_at,
        client_id=token.client_id,
        scope=" ".join(sorted(token.scopes)),
        permissions=sorted(token.permissions),
        org_id=token.organization,
    )
