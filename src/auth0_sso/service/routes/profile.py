"""/profile: the caller's own profile and user metadata."""

from collections.abc import Mapping

from fastapi import APIRouter, Depends
from fastapi.exceptions import RequestValidationError
from pydantic import JsonValue

from auth0_sso.errors import NotFoundError
from auth0_sso.management.metadata import MetadataError
from auth0_sso.management.models import User
from auth0_sso.service.schemas import MetadataChange, MetadataResponse, ProfileResponse, UserProfile
from auth0_sso.web.guards.audit import UNKNOWN, Audit
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
async def update_metadata(
    change: MetadataChange, token: UserToken, profiles: UserProfiles, audit: Audit
) -> MetadataResponse:
    """Merge into the caller's user metadata, the first level only; null deletes a key, an empty object all of them.

    The limits are 16 KiB after the merge and 10 levels.
    """
    async with audit.action("update-metadata", target=token.subject) as action:
        states = _States(change.metadata, action.details)
        try:
            user = await profiles.update_metadata(
                token.subject, change.metadata, note_before=states.note_before if audit.is_on else None
            )
        except MetadataError as error:
            problem = {"type": "value_error", "loc": ("body", "metadata"), "msg": f"Value error, {error}"}
            raise RequestValidationError([problem]) from None
        states.note_after(user)
    return MetadataResponse.of(user)


class _States:
    """The values of the keys that a change names, before it and after it, in the details of an audited action."""

    def __init__(self, change: Mapping[str, JsonValue], details: dict[str, object]) -> None:
        self._change = change
        self._details = details
        details["before"] = UNKNOWN

    def note_before(self, metadata: Mapping[str, JsonValue]) -> None:
        self._details["before"] = self._named(metadata)

    def note_after(self, user: User) -> None:
        is_readable = "user_metadata" not in user.unreadable
        self._details["after"] = self._named(user.user_metadata) if is_readable else UNKNOWN

    def _named(self, metadata: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Return the keys that the change names; an empty change deletes all."""
        return {key: value for key, value in metadata.items() if key in self._change or not self._change}
