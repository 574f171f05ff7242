"""A seed with what the built-in one has not: applications and people that a login asks more of."""

from auth0_devtenant import Person, TenantOptions
from auth0_devtenant.seed import Application, Organization, default_seed

from .visitor import MANAGER, REDIRECT_URI

ORIGIN = "http://127.0.0.1:3000"
MFA = Person(email="mfa@example.com", name="Mia Factor", mfa=True)
BLOCKED = Person(email="blocked@example.com", blocked=True)
GLOBEX = Organization(name="globex", members={MANAGER.email: (), MFA.email: ()})


def application(client_id: str, **more: object) -> Application:
    urls = {"callback_urls": (REDIRECT_URI,), "logout_urls": (f"{ORIGIN}/{client_id}",), "web_origins": (ORIGIN,)}
    return Application.model_validate({"name": client_id, "client_id": client_id} | urls | more)


def options() -> TenantOptions:
    seed = default_seed()
    applications = (
        application("third-party", is_first_party=False),
        application("members-only", organization_usage="require"),
        application("no-organizations", organization_usage="deny"),
        application("web", app_type="regular_web", client_secret="the-secret", web_origins=()),
        application("code-only", grant_types=("authorization_code",)),
    )
    more = {
        "applications": (*seed.applications, *applications),
        "people": (*seed.people, MFA, BLOCKED),
        "organizations": (*seed.organizations, GLOBEX),
    }
    return TenantOptions(seed=seed.model_copy(update=more))
