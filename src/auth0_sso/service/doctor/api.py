"""The API at Auth0 that AUTH0_AUDIENCE names: whether it exists, its signing algorithm, and RBAC."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from auth0_sso.service.doctor.application import authorization
from auth0_sso.service.doctor.examination import Examination
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped, warned
from auth0_sso.service.doctor.management import request_own_token
from auth0_sso.service.token.shown import shown
from auth0_sso.service.token.token_request import TokenRequestError
from auth0_sso.service.token.unverified import Unverified

_PER_PAGE: Final = 100  # the MAX of Auth0
_WHERE: Final = "Applications > APIs > the API > Settings"
_UNKNOWN: Final = "Service not"  # "enabled within domain" at /oauth/token, "found" at /authorize
_NO_GRANT: Final = "is not authorized to access"
_ASK: Final = f"grant read:resource_servers to the Management client, or look yourself: {_WHERE}"
_RBAC: Final = f"enable RBAC and Add Permissions in the Access Token: {_WHERE}"


async def check_api(examination: Examination) -> AsyncIterator[Finding]:
    """Find the API with exactly this identifier; a slash more or less is another API."""
    if not examination.has_audience or not examination.is_reachable:
        yield skipped("AUTH0_AUDIENCE cannot be used" if examination.is_reachable else "the issuer cannot be reached")
        return
    if examination.settings.has_management and examination.management is None:
        yield skipped("there is no Management API token")
        return
    known = await _identifiers(examination)
    for audience in examination.settings.auth0_audience:
        yield _compared(audience, known) if known is not None else await _probed(examination, audience)


async def check_signing_algorithm(examination: Examination) -> AsyncIterator[Finding]:
    """Find an API that signs with HS256, whose tokens are refused, or with what AUTH0_ALGORITHMS does not list."""
    algorithm = _algorithm(examination)
    accepted = examination.settings.auth0_algorithms
    if algorithm is None:
        yield skipped("the API's signing algorithm is not known", f"{_ASK}; it should be {accepted[0]}")
    elif algorithm.startswith("HS"):
        yield failed(f"the API signs with {algorithm}, a shared secret", f"set Signing Algorithm to RS256: {_WHERE}")
    elif algorithm not in accepted:
        fix = f"set AUTH0_ALGORITHMS={algorithm}, or Signing Algorithm to {accepted[0]}: {_WHERE}"
        yield failed(f"the API signs with {algorithm}, and AUTH0_ALGORITHMS is {', '.join(accepted)}", fix)
    else:
        yield passed(f"the API signs with {algorithm}")


async def check_rbac(examination: Examination) -> AsyncIterator[Finding]:
    """Find out whether tokens carry permissions: `require_permission` needs RBAC (Auth0: "RBAC for APIs")."""
    if examination.api is not None:
        enforced = examination.api.get("enforce_policies") is True
        if enforced and str(examination.api.get("token_dialect", "")).endswith("_authz"):
            yield passed("RBAC is on, and access tokens carry permissions")
        elif enforced:
            yield warned("RBAC is on, and access tokens do not carry permissions", _RBAC)
        else:
            yield warned("RBAC is off: guards that ask for permissions refuse every token", _RBAC)
        return
    claims = None if examination.token is None else Unverified.read(examination.token).claims
    if claims is not None and "permissions" in claims:
        yield passed("the given token carries permissions")
    elif claims is not None:
        yield warned("the given token has no permissions claim: RBAC is off, or it is not for this API", _RBAC)
    elif not examination.is_reachable:
        yield skipped("the issuer cannot be reached")
    else:
        fix = f"{_RBAC}. To check it here, grant read:resource_servers, or give a token: auth0-sso doctor --token -"
        yield warned("whether RBAC is on is not known; guards that ask for permissions need it", fix)


async def _identifiers(examination: Examination) -> Mapping[str, Mapping[str, object]] | None:
    """Return the APIs of the tenant by identifier; None where they cannot be listed, or not on one page."""
    status, document = await examination.get_managed(
        f"resource-servers?per_page={_PER_PAGE}", "read:resource_servers"
    )
    listed = document.get("resource_servers") if isinstance(document, dict) else document
    if status != 200 or not isinstance(listed, list):
        return None
    found = {str(each.get("identifier")): each for each in listed if isinstance(each, dict)}
    examination.api = found.get(examination.settings.auth0_audience[0])
    return found if examination.api is not None or len(listed) < _PER_PAGE else None


def _compared(audience: str, known: Mapping[str, object]) -> Finding:
    if audience in known:
        return passed(f"the tenant has the API {audience}")
    near = next((name for name in known if _folded(name) == _folded(audience)), None)
    if near is not None:
        message = f"the tenant's API is {shown(near)}, and AUTH0_AUDIENCE is {audience}: tokens for it are refused"
        return failed(message, f"set AUTH0_AUDIENCE={shown(near)}, letter by letter and slash by slash")
    return failed(
        f"the tenant has no API {audience}",
        "copy the identifier into AUTH0_AUDIENCE, or create the API: Applications, APIs",
    )


async def _probed(examination: Examination, audience: str) -> Finding:
    """Ask the token endpoint for a token for the API: its refusal says whether there is such an API."""
    exists = await _exists(examination, audience)
    if exists:
        words = "the tenant has" if examination.management is not None else "the tenant does not refuse"
        return passed(f"{words} the API {audience}")
    if exists is None:
        return warned(f"whether the tenant has the API {audience} is not known", _ASK)
    other = audience.removesuffix("/") if audience.endswith("/") else f"{audience}/"
    if await _exists(examination, other):
        return failed(
            f"the tenant's API is {other}, and AUTH0_AUDIENCE is {audience}: tokens for it are refused",
            f"set AUTH0_AUDIENCE={other}",
        )
    return failed(
        f"the tenant has no API {audience}", f"copy the identifier into AUTH0_AUDIENCE: {_WHERE} > Identifier"
    )


async def _exists(examination: Examination, audience: str) -> bool | None:
    if examination.management is not None:
        try:
            await request_own_token(examination, examination.management, audience)
        except TokenRequestError as error:
            if _NO_GRANT in error.description:
                return True
            return False if _UNKNOWN in error.description else None
        return True
    answer = await authorization(examination)
    if answer is None or not answer.is_redirect or audience != examination.settings.auth0_audience[0]:
        return None
    return f"{_UNKNOWN} found" not in answer.description


def _algorithm(examination: Examination) -> str | None:
    """Return the signing algorithm of the API, from Auth0 or from the header of a token that was given."""
    if examination.api is not None and isinstance(found := examination.api.get("signing_alg"), str):
        return shown(found)
    header = None if examination.token is None else Unverified.read(examination.token).header
    found = None if header is None else header.get("alg")
    return shown(found) if isinstance(found, str) else None


def _folded(identifier: str) -> str:
    return identifier.rstrip("/").casefold()
