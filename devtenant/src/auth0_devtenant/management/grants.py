"""What users have granted to applications (Management API: Grants)."""

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.paging import page_response
from auth0_devtenant.management.parameters import required
from auth0_devtenant.management.routing import Route
from auth0_devtenant.state import Consent, Tenant


async def list_grants(request: Request, tenant: Tenant) -> Response:
    """List the grants, of one user, one client or one audience."""
    query = request.query_params
    wanted = {name: query[name] for name in ("user_id", "client_id", "audience") if name in query}
    grants = tenant.state.consents.values()
    found = [grant for grant in grants if all(getattr(grant, name) == value for name, value in wanted.items())]
    return page_response(request, [grant.document for grant in found], "grants")


async def delete_grant(request: Request, tenant: Tenant) -> Response:
    """Withdraw a grant, with the refresh tokens that rest on it."""
    grant = tenant.state.consents.get(request.path_params["id"])
    if grant is None:  # unverified: the words
        raise ApiError(404, "The grant does not exist.", "inexistent_grant")
    _withdraw(tenant, grant)
    return Response(status_code=204)


async def delete_grants_of_user(request: Request, tenant: Tenant) -> Response:
    """Withdraw all grants of a user."""
    user_id = required(request, "user_id")
    for grant in [each for each in tenant.state.consents.values() if each.user_id == user_id]:
        _withdraw(tenant, grant)
    return Response(status_code=204)


def _withdraw(tenant: Tenant, grant: Consent) -> None:
    del tenant.state.consents[grant.id]
    wanted = (grant.user_id, grant.client_id, grant.audience)
    families = tenant.state.families.values()
    cascade.revoke(
        tenant,
        [
            each
            for each in families
            if (each.grant.user_id, each.grant.client_id, each.grant.audience or "") == wanted
        ],
    )


ROUTES = (
    Route("GET", "/grants", list_grants, ("read:grants",)),
    Route("DELETE", "/grants", delete_grants_of_user, ("delete:grants",)),
    Route("DELETE", "/grants/{id}", delete_grant, ("delete:grants",)),
)
