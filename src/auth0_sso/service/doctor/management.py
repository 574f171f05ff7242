"""The Management API's credentials, and whether their scopes are those that the routes need."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Final

from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.oauth.proofs import Proof
from auth0_sso.service.doctor.examination import Examination, ManagementAccess
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped, warned
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.token.token_request import IssuedToken, TokenRequestError, request_token
from auth0_sso.tokens.client_assertion import ASSERTION_TYPE

ROLE_SCOPES: Final = ("read:users", "read:roles", "read:role_members")
PROFILE_SCOPES: Final = ("read:users", "update:users")
ADMIN_SCOPES: Final = (
    *("read:users", "create:users", "update:users", "delete:users", "read:roles", "create:role_members"),
    *("delete:role_members", "read:logs", "delete:sessions", "delete:refresh_tokens"),
)
OPTIONAL_SCOPES: Final = ("read:organization_member_roles", "read:resource_servers", "read:clients")
"""For guards with `within_organization`, and for this command."""

_GRANT: Final = "Applications > APIs > Auth0 Management API > Machine to Machine Applications"
_NOT_SET: Final = "set AUTH0_MANAGEMENT_CLIENT_ID and AUTH0_MANAGEMENT_CLIENT_SECRET: docs/connect-a-tenant.md"
_ROTATION: Final = "expected while the secret is rotated; remove it afterwards: docs/operations.md, Rotate a secret"
_MAX_LISTED: Final = 12

_FIXES: Final = (
    (
        "Service not enabled within domain",
        "correct AUTH0_MANAGEMENT_AUDIENCE: it is https://<tenant>.auth0.com/api/v2/",
    ),
    ("is not authorized to access", f"authorize the application: {_GRANT}"),
    (
        "Grant type",
        "use a Machine to Machine application, or enable Client Credentials: Advanced Settings > Grant Types",
    ),
    ("has not been granted scopes", f"grant the scopes: {_GRANT}"),
)
"""What to do, by a part of Auth0's `error_description`."""


async def check_management(examination: Examination) -> AsyncIterator[Finding]:
    """Request a token as the service does, and tell in Auth0's words why there is none."""
    settings = examination.settings
    if not settings.has_management:
        if "auth0_management_client_id" in examination.replaced:
            yield skipped("its credentials cannot be used")
        else:
            yield skipped("not set up: /profile, /admin and guards that ask for roles answer 503", _NOT_SET)
        return
    if not examination.is_reachable:
        yield skipped("the issuer cannot be reached")
        return
    findings = [finding async for finding in _check_proofs(examination, proofs_of(settings))]
    if examination.management is not None:  # of two secrets or keys, Auth0 accepts one while they are rotated
        findings = [warned(each.message, _ROTATION) if each.status == "fail" else each for each in findings]
    for finding in findings:
        yield finding


async def _check_proofs(examination: Examination, proofs: Sequence[Proof]) -> AsyncIterator[Finding]:
    """Request a token with each of the secrets or keys."""
    settings = examination.settings
    for number, proof in enumerate(proofs, start=1):
        which = f" (secret or key {number} of {len(proofs)})" if len(proofs) > 1 else ""
        try:
            issued = await _request_token(examination, settings.auth0_management_audience, proof)
        except TokenRequestError as error:
            yield failed(f"Auth0 issues no Management API token{which}: {error.sentence}", _fix_for(error, settings))
        else:
            examination.management = ManagementAccess(issued.text, issued.scopes, proof)
            yield passed(f"Auth0 issues a Management API token for AUTH0_MANAGEMENT_CLIENT_ID{which}")


async def request_own_token(examination: Examination, access: ManagementAccess, audience: str) -> IssuedToken:
    """Return a token of the Management client for an API; raise `TokenRequestError` if Auth0 issues none."""
    return await _request_token(examination, audience, access.proof)


async def _request_token(examination: Examination, audience: str, credential: Proof) -> IssuedToken:
    settings = examination.settings
    base_url, client_id = settings.auth0_management_base_url, settings.auth0_management_client_id
    proof = (
        {"client_secret": credential}
        if isinstance(credential, str)
        else {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": credential.assertion(client_id, base_url, examination.clock.wall()),
        }
    )
    form = {"grant_type": "client_credentials", "client_id": client_id, "audience": audience, **proof}
    return await request_token(examination.client, base_url, form)


async def check_scopes(examination: Examination) -> AsyncIterator[Finding]:
    """Compare the granted scopes with those that the service needs (docs/connect-a-tenant.md)."""
    access = examination.management
    if access is None:
        yield skipped("there is no Management API token")
        return
    if access.scopes is None:
        yield warned("Auth0 does not list the scopes of the token", f"compare them yourself: {_GRANT}")
        return
    missing = list(_missing(needed_scopes(examination.settings), access.scopes))
    for finding in missing:
        yield finding
    if not missing:
        yield passed("every scope that the service needs is granted")
    needed = {*OPTIONAL_SCOPES}.union(*needed_scopes(examination.settings).values())
    if excessive := sorted(access.scopes - needed):
        yield warned(
            f"more scopes are granted than the service needs: {_listed(excessive)}", f"remove them: {_GRANT}"
        )


def needed_scopes(settings: ServiceSettings) -> Mapping[str, tuple[str, ...]]:
    """Return the scopes that each part of the service needs."""
    roles = {"guards that ask for roles": ROLE_SCOPES} if settings.auth0_role_source == "management" else {}
    return {**roles, "/profile": PROFILE_SCOPES, "/admin": ADMIN_SCOPES}


def _missing(needed: Mapping[str, tuple[str, ...]], granted: frozenset[str]) -> Iterable[Finding]:
    for part, scopes in needed.items():
        missing = [scope for scope in scopes if scope not in granted]
        if not missing:
            continue
        words = f"{part}: the Management API scopes {', '.join(missing)} are missing, so Auth0 refuses"
        # A service without /admin works without its scopes; no guard works without roles.
        make = warned if part.startswith("/") else failed
        yield make(words, f"grant them: {_GRANT}")


def _fix_for(error: TokenRequestError, settings: ServiceSettings) -> str:
    if error.status == 401:
        return _fix_for_rejected_client(settings)
    if error.status in {0, 429} or error.status >= 500:
        return "try again; AUTH0_MANAGEMENT_BASE_URL is where the token endpoint is"
    known = (fix for part, fix in _FIXES if part in error.description)
    return next(known, "docs/connect-a-tenant.md says how to set up the application")


def _fix_for_rejected_client(settings: ServiceSettings) -> str:
    """Auth0 answers a wrong secret and an unknown client alike."""
    if settings.auth0_management_client_id == settings.auth0_client_id:
        return "AUTH0_MANAGEMENT_CLIENT_ID is AUTH0_CLIENT_ID: use a Machine to Machine application of its own"
    if settings.auth0_management_client_secret.get_secret_value() == settings.auth0_management_client_id:
        return "AUTH0_MANAGEMENT_CLIENT_SECRET is the client id: copy the secret"
    where = "Applications > Applications > the application"
    if settings.auth0_management_private_key.get_secret_value():
        return f"compare the key and AUTH0_MANAGEMENT_PRIVATE_KEY_ID: {where} > Credentials"
    return f"the client id is not of this tenant, or the secret is wrong: copy both again from {where} > Settings"


def _listed(names: list[str]) -> str:
    more = len(names) - _MAX_LISTED
    return ", ".join(names[:_MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
