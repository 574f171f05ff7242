"""/profile: what the tenant knows of the caller, and the metadata the caller may change."""

from fastapi import APIRouter

from auth0_sso.web.dependencies import Management, UserToken
from auth0_sso.web.guarded_route import GuardedRoute
from auth0_sso.web.problems import problem_responses
from auth0_sso.web.schemas import MetadataAnswer, MetadataChange, ProfileAnswer, UserProfile

router = APIRouter(
    prefix="/profile", tags=["profile"], route_class=GuardedRoute, responses=problem_responses(404, 502)
)


@router.get("")
async def get_profile(token: UserToken, management: Management) -> ProfileAnswer:
    """Return the caller's own profile."""
    return ProfileAnswer(profile=UserProfile.of(await management.get_user(token.subject)))


@router.post("/metadata", responses=problem_responses(413))
async def update_metadata(change: MetadataChange, token: UserToken, management: Management) -> MetadataAnswer:
    """Merge into the caller's user metadata, the first level only; null deletes a key."""
    user = await management.update_user_metadata(token.subject, change.metadata)
    return MetadataAnswer(message="Your metadata is updated.", metadata=user.user_metadata)
