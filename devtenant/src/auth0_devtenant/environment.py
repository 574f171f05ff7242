"""The environment variables of an API and its tests, with the names that Auth0's SDKs and quickstarts use."""

from auth0_devtenant.certificates import TlsFiles
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.seed import MANAGEMENT_CLIENT_ID, Application, Seed


def environment(options: TenantOptions, tls: TlsFiles | None = None) -> dict[str, str]:
    """Return the variables by name; those of an application that the tenant does not have are left out."""
    issuer = options.issuer
    applications = {each.app_type: each for each in reversed(options.seed.applications)}
    spa, web, machine = (applications.get(kind) for kind in ("spa", "regular_web", "non_interactive"))
    management = _application(options.seed, MANAGEMENT_CLIENT_ID)
    values = {
        "AUTH0_DOMAIN": issuer.partition("://")[2].removesuffix("/"),
        "AUTH0_ISSUER_BASE_URL": issuer,
        "AUTH0_AUDIENCE": options.audience,
        "AUTH0_CLIENT_ID": spa and spa.client_id,
        "AUTH0_WEB_CLIENT_ID": web and web.client_id,
        "AUTH0_WEB_CLIENT_SECRET": web and web.client_secret,
        "AUTH0_MACHINE_CLIENT_ID": machine and machine.client_id,
        "AUTH0_MACHINE_CLIENT_SECRET": machine and machine.client_secret,
        "AUTH0_MANAGEMENT_CLIENT_ID": management and management.client_id,
        "AUTH0_MANAGEMENT_CLIENT_SECRET": management and management.client_secret,
        "AUTH0_MANAGEMENT_AUDIENCE": options.management_audience,
        "AUTH0_MANAGEMENT_BASE_URL": issuer,
        "NODE_EXTRA_CA_CERTS": tls and str(tls.ca),
        "SSL_CERT_FILE": tls and str(tls.bundle),
        "REQUESTS_CA_BUNDLE": tls and str(tls.bundle),
    }
    return {name: value for name, value in values.items() if value}


def _application(seed: Seed, client_id: str) -> Application | None:
    return next((each for each in seed.applications if each.client_id == client_id), None)
