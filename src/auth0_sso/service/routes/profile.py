"""/profile: the caller's own profile and user metadata."""

from fastapi import APIRouter, Depends
from fastapi.exceptions import RequestValidationError

from auth0_sso.errors import NotFoundError
from auth0_sso.management.metadata import MetadataError
from auth0_sso.service.schemas import MetadataChange, MetadataResponse, ProfileResponse, UserProfile
from auth0_sso.web.guards.guarded_route import GuardedRoute
from auth0_sso.web.guards.rate_limits import profile_limit
from auth0_sso.web.guards.role_guards import MANAGEMENT_ERRORS
from auth0_sso.web.guards.token_guards import UserProfiles, UserToken
from auth0_sso.web.problems.problems import problem_responses

router = APIRouter(
    prefix="/profile",
    tags=["profile"],
    dependencies=[Depends(profile_limit)],
    route_class=GuardedRoute,
    responses=problem_responses(NotFoundError, *MANAGEMENT_ERRORS),
)


@router.get("")
async def get_profile(token: UserToken, profiles: UserProfiles) -> ProfileResponse:
    """Return the caller's own profile, cached for up to five seconds."""
    return ProfileResponse(profile=UserProfile.of(await profiles.get(token.subject)))


@router.post("/metadata", responses=problem_responses(413))
async def update_metadata(change: MetadataChange, token: UserToken, profiles: UserProfiles) -> MetadataResponse:
    """Merge into the caller's user metadata, the first level only; null deletes a key, an empty object all of them.

    The limits are 16 KiB after the merge and 10 levels.
    """
    try:
        user = await profiles.update_metadata(token.subject, change.metadata)
    except MetadataError as error:
        problem = {"type": "value_error", "loc": ("body", "metadata"), "msg": f"Value error, {error}"}
        raise RequestValidationError([problem]) from None
    return MetadataResponse.of(user)
