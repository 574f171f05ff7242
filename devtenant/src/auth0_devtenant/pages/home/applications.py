"""Applications, APIs and organizations."""

from collections.abc import Sequence
from typing import Final

from auth0_devtenant.pages.home.copying import value
from auth0_devtenant.pages.html import Html, html
from auth0_devtenant.state import Api, Client, Organization, Tenant

_KINDS: Final = {
    "spa": "single page",
    "native": "native",
    "regular_web": "regular web",
    "non_interactive": "machine to machine",
}

_APPLICATIONS: Final = """<section id="applications" aria-labelledby="applications-title">
<h2 id="applications-title">Applications</h2><ul class="entries">$entries</ul></section>"""

_APPLICATION: Final = """<li><div class="head"><strong>$name</strong> <span class="badge">$kind</span></div>
$client_id$secret$urls</li>"""

_URLS: Final = """<details><summary>URLs and origins</summary><dl>$lists</dl></details>"""

_APIS: Final = """<section id="apis" aria-labelledby="apis-title"><h2 id="apis-title">APIs</h2>
<ul class="entries">$entries</ul></section>"""

_API: Final = """<li><div class="head"><strong>$name</strong> <span class="badge">$dialect</span></div>$identifier
<p class="hint">Access tokens are valid for $lifetime, $rbac.$permissions</p></li>"""

_ORGANIZATIONS: Final = """<section id="organizations" aria-labelledby="organizations-title">
<h2 id="organizations-title">Organizations</h2><ul class="entries">$entries</ul></section>"""

_ORGANIZATION: Final = """<li><div class="head"><strong>$title</strong> <span class="badge">$name</span></div>
<p class="hint">$members</p></li>"""


def applications_section(tenant: Tenant) -> Html:
    """Return the section of all applications."""
    return html(_APPLICATIONS, entries=[_application(each) for each in tenant.state.clients.values()])


def apis_section(tenant: Tenant) -> Html:
    """Return the section of all APIs, the Management API among them."""
    return html(_APIS, entries=[_api(each) for each in tenant.state.apis.values()])


def organizations_section(tenant: Tenant) -> Html:
    """Return the section of all organizations; empty without one."""
    organizations = tenant.state.organizations.values()
    entries = [_organization(tenant, each) for each in organizations]
    return html(_ORGANIZATIONS, entries=entries) if entries else Html("")


def duration(seconds: int) -> str:
    """Return a duration in words, in the largest unit that divides it: 2 hours."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} seconds"


def _application(client: Client) -> Html:
    secret = Html("")
    if client.client_secret:
        secret = value(f"the client secret of {client.name}", client.client_secret, label="Secret")
    lists = [
        _list("Callback URLs", client.callback_urls),
        _list("Logout URLs", client.logout_urls),
        _list("Web origins", client.web_origins),
    ]
    return html(
        _APPLICATION,
        name=client.name,
        kind=_KINDS[client.app_type],
        client_id=value(f"the client id of {client.name}", client.client_id, label="Client ID"),
        secret=secret,
        urls=html(_URLS, lists=lists) if any(lists) else Html(""),
    )


def _list(title: str, urls: Sequence[str]) -> Html:
    return html("<dt>$title</dt><dd>$urls</dd>", title=title, urls=" ".join(urls)) if urls else Html("")


def _api(api: Api) -> Html:
    permissions = html(" Permissions: <code>$names</code>", names=", ".join(api.permissions))
    return html(
        _API,
        name=api.name,
        dialect=api.token_dialect,
        identifier=value(f"the audience of {api.name}", api.identifier, label="Audience"),
        lifetime=duration(api.token_lifetime),
        rbac="with RBAC" if api.enforce_policies else "without RBAC",
        permissions=permissions if api.permissions and not api.is_system else Html(""),
    )


def _organization(tenant: Tenant, organization: Organization) -> Html:
    known = (tenant.state.users.get(user_id) for user_id in organization.members)
    members = ", ".join(str(user.document.get("email", user.user_id)) for user in known if user is not None)
    return html(
        _ORGANIZATION,
        title=organization.display_name or organization.name,
        name=organization.name,
        members=f"Members: {members}" if members else "No members yet.",
    )
