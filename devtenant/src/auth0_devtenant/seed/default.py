"""The built-in seed: three people, two roles, an API, an organization and an application of each kind."""

from collections.abc import Sequence
from typing import Final

from auth0_devtenant.seed.management import MANAGEMENT, MANAGEMENT_SCOPES
from auth0_devtenant.seed.models import (
    GRANT_TYPES,
    Api,
    Application,
    ApplicationType,
    Connection,
    Dialect,
    Organization,
    Person,
    ProofOfPossession,
    Role,
    Seed,
)

FIRST_PARTY_GRANT_TYPES: Final = (
    "password",
    "http://auth0.com/oauth/grant-type/password-realm",
    "http://auth0.com/oauth/grant-type/passwordless/otp",
    "http://auth0.com/oauth/grant-type/mfa-otp",
)
"""Grant types of the built-in web and native applications, so that all can be tried without a seed file.

Auth0 gives them to no new application: they must be turned on under "Advanced Settings".
"""

AUDIENCE: Final = "https://api.example.com"
WEB_ORIGINS: Final = ("http://127.0.0.1:3000", "http://localhost:3000")
TOKEN_REDIRECT_URI: Final = "http://127.0.0.1:3000/callback"  # noqa: S105 - an address, not a secret
"""The redirect URI of the `token` command, which never requests it; the built-in SPA always allows it."""

DATABASE: Final = "Username-Password-Authentication"
"""The name of the database connection."""

SPA_CLIENT_ID: Final = "devSinglePageApplication00000000"
WEB_CLIENT_ID: Final = "devRegularWebApplication00000000"
WEB_CLIENT_SECRET: Final = "development-only-web-secret"  # noqa: S105 - public on purpose
NATIVE_CLIENT_ID: Final = "devNativeApplication000000000000"
MACHINE_CLIENT_ID: Final = "devMachineToMachine0000000000000"
MACHINE_CLIENT_SECRET: Final = "development-only-machine-secret"  # noqa: S105 - public on purpose
MANAGEMENT_CLIENT_ID: Final = "devManagementClient0000000000000"
MANAGEMENT_CLIENT_SECRET: Final = "development-only-management-secret"  # noqa: S105 - public on purpose

PEOPLE: Final = (
    Person(
        user_id="auth0|64f1a0000000000000000001",
        email="admin@example.com",
        password="Admin-password-1!",  # noqa: S106 - public on purpose
        name="Ada Admin",
        roles=("admin",),
    ),
    Person(
        user_id="auth0|64f1a0000000000000000002",
        email="manager@example.com",
        password="Manager-password-1!",  # noqa: S106 - public on purpose
        name="Max Manager",
        roles=("manager",),
    ),
    Person(
        user_id="auth0|64f1a0000000000000000003",
        email="user@example.com",
        password="User-password-1!",  # noqa: S106 - public on purpose
        name="Uma User",
    ),
)

ROLES: Final = (
    Role(name="admin", description="The role admin", permissions={"": ("read:data", "write:data")}),
    Role(name="manager", description="The role manager", permissions={"": ("read:data",)}),
)

ORGANIZATIONS: Final = (
    Organization(
        id="org_64f1a00000000001",
        name="acme",
        display_name="Acme",
        members={"manager@example.com": ("manager",), "user@example.com": ("manager",)},
        connections=(DATABASE, "acme-saml"),
    ),
)

CONNECTIONS: Final = (
    Connection(name=DATABASE, strategy="auth0"),
    Connection(name="email", strategy="email"),
    Connection(name="google-oauth2", strategy="google-oauth2", display_name="Google"),
    Connection(name="acme-saml", strategy="samlp", display_name="Acme SSO"),
)

_CALLBACK_PATHS: Final = ("/callback", "/docs/oauth2-redirect", "/", "")
_LOGOUT_PATHS: Final = ("/", "")
_PERMISSIONS: Final = {"read:data": "Read data", "write:data": "Write data"}


def default_seed(
    *,
    audience: str = AUDIENCE,
    token_dialect: Dialect = "access_token_authz",  # noqa: S107 - the name of a token profile
    token_lifetime: int = 86_400,
    web_origins: Sequence[str] = WEB_ORIGINS,
    callback_urls: Sequence[str] = (),
    logout_urls: Sequence[str] = (),
    management_public_key: str | None = None,
    management_scopes: Sequence[str] = MANAGEMENT_SCOPES,
) -> Seed:
    """Return the built-in seed.

    Pages of `web_origins` can log in, at `/` and `/callback`, and log out; `callback_urls` and `logout_urls` are
    allowed too. `token_lifetime` is in seconds. With `management_public_key` (PEM) the Management client can also
    authenticate by private_key_jwt; `management_scopes` are granted to it.
    """
    api = Api(
        identifier=audience,
        name="API",
        token_dialect=token_dialect,
        token_lifetime=token_lifetime,
        permissions=_PERMISSIONS,
        proof_of_possession=ProofOfPossession(),
    )
    return Seed(
        apis=(api,),
        applications=built_in_applications(
            web_origins,
            callback_urls,
            logout_urls,
            management_public_key=management_public_key,
            management_scopes=management_scopes,
        ),
        roles=ROLES,
        people=PEOPLE,
        organizations=ORGANIZATIONS,
        connections=CONNECTIONS,
    )


def built_in_applications(
    web_origins: Sequence[str],
    callback_urls: Sequence[str],
    logout_urls: Sequence[str],
    *,
    management_public_key: str | None = None,
    management_scopes: Sequence[str] = MANAGEMENT_SCOPES,
    machine_scopes: Sequence[str] = ("read:data",),
) -> tuple[Application, ...]:
    """Return an application of each kind, and the one for the Management API.

    A browser's applications use the web origins, with `/` and `/callback`.
    """
    callbacks = (*_urls(web_origins, _CALLBACK_PATHS), *callback_urls, TOKEN_REDIRECT_URI)

    def with_login(name: str, app_type: ApplicationType, client_id: str, client_secret: str = "") -> Application:
        more = () if app_type == "spa" else FIRST_PARTY_GRANT_TYPES
        return Application(
            name=name,
            app_type=app_type,
            client_id=client_id,
            client_secret=client_secret,
            callback_urls=tuple(dict.fromkeys(callbacks)),
            logout_urls=(*_urls(web_origins, _LOGOUT_PATHS), *logout_urls),
            web_origins=tuple(web_origins),
            grant_types=(*GRANT_TYPES[app_type], *more),
        )

    return (
        with_login("Single page application", "spa", SPA_CLIENT_ID),
        with_login("Regular web application", "regular_web", WEB_CLIENT_ID, WEB_CLIENT_SECRET),
        with_login("Native application", "native", NATIVE_CLIENT_ID),
        Application(
            name="Machine to machine",
            app_type="non_interactive",
            client_id=MACHINE_CLIENT_ID,
            client_secret=MACHINE_CLIENT_SECRET,
            grants={"": tuple(machine_scopes)},
        ),
        Application(
            name="Management API",
            app_type="non_interactive",
            client_id=MANAGEMENT_CLIENT_ID,
            client_secret=MANAGEMENT_CLIENT_SECRET,
            public_key=management_public_key,
            grants={MANAGEMENT: tuple(management_scopes)},
        ),
    )


def _urls(origins: Sequence[str], paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{origin}{path}" for origin in origins for path in paths)
