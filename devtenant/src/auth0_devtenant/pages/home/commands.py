"""Lines to copy: the settings of an API, and ways to get a token."""

from typing import Final

from auth0_devtenant.environment import environment
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.pages.home.copying import block
from auth0_devtenant.pages.html import Html, html
from auth0_devtenant.seed import MACHINE_CLIENT_ID
from auth0_devtenant.state import Tenant

_SECTION: Final = """<section id="commands" aria-labelledby="commands-title">
<h2 id="commands-title">Copy and paste</h2><div class="blocks">$blocks</div></section>"""

_OF_AN_API: Final = (
    "AUTH0_DOMAIN",
    "AUTH0_ISSUER_BASE_URL",
    "AUTH0_AUDIENCE",
    "AUTH0_CLIENT_ID",
    "AUTH0_MANAGEMENT_CLIENT_ID",
    "AUTH0_MANAGEMENT_CLIENT_SECRET",
    "AUTH0_MANAGEMENT_AUDIENCE",
)


def commands_section(tenant: Tenant, issuer: str) -> Html:
    """Return the section; `issuer` is the one that the browser uses."""
    options = TenantOptions(issuer, tenant.options.seed)
    variables = environment(options)
    lines = "\n".join(f"{name}={variables[name]}" for name in _OF_AN_API if name in variables)
    arguments = "" if issuer == TenantOptions().issuer else f" --tenant {issuer}"
    arguments += "" if options.audience == TenantOptions().audience else f" --audience {options.audience}"
    someone = options.seed.people[0].email if options.seed.people else "EMAIL --password PASSWORD"
    tokens = f"auth0-devtenant token {someone}{arguments}\nauth0-devtenant token --machine{arguments}"
    blocks = [
        block("Settings of an API (.env)", "the settings of an API", lines),
        block("Tokens, by command", "the commands for tokens", tokens),
    ]
    machine = tenant.state.clients.get(MACHINE_CLIENT_ID)
    if machine is not None:
        data = {
            "grant_type": "client_credentials",
            "audience": options.audience,
            "client_id": machine.client_id,
            "client_secret": machine.client_secret,
        }
        curl = " \\\n  ".join((f"curl -f {issuer}oauth/token", *(f"-d {name}={text}" for name, text in data.items())))
        blocks.append(block("A machine's token, by curl", "the curl command", curl))
    return html(_SECTION, blocks=blocks)
