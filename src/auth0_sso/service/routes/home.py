"""GET /: open to anyone, and it says who it thinks you are."""

from fastapi import APIRouter

from auth0_sso.service.schemas import Home, VisibleClaims
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.dependencies import OptionalToken

router = APIRouter(tags=["home"])


@router.get("/")
async def show_home(token: OptionalToken) -> Home:
    """Greet the caller: anonymous without an Authorization header; a bad token is still refused."""
    if token is None:
        return Home(message="Welcome. Send an access token to be known here.", authenticated=False, user=None)
    return Home(message="Welcome back.", authenticated=True, user=_visible(token))


def _visible(token: AccessToken) -> VisibleClaims:
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
