"""The home page, put together from its sections."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.home.applications import apis_section, applications_section, organizations_section
from auth0_devtenant.pages.home.commands import commands_section
from auth0_devtenant.pages.home.copying import value
from auth0_devtenant.pages.home.people import people_section
from auth0_devtenant.pages.home.requests import requests_section
from auth0_devtenant.pages.home.switches import keys_section, switches_section
from auth0_devtenant.pages.html import Html, html
from auth0_devtenant.pages.layout import page
from auth0_devtenant.state import Tenant

_FOLDER: Final = Path(__file__).parent
_STYLE: Final = (_FOLDER / "home.css").read_text("utf-8")
_SCRIPT: Final = (_FOLDER / "home.js").read_text("utf-8")

_CONTENT: Final = """<p class="lead">It answers as Auth0 does, on this machine. Issuer:</p>
<p class="issuer">$issuer</p>
<nav class="links" aria-label="Addresses">$playground
<a class="button" href="/.well-known/openid-configuration">Discovery</a>
<a class="button" href="/.well-known/jwks.json">JWK Set</a></nav>
<div class="sections">
<div>$people$applications</div>
<div>$switches$keys$apis$organizations</div>
</div>
$commands
$requests
<div id="status" role="status" aria-live="polite"></div>"""


def home_page(tenant: Tenant, issuer: str, requests: Sequence[Mapping[str, object]]) -> HTMLResponse:
    """Return the page; `issuer` is the tenant by the name that the browser used, `requests` are the last ones."""
    playground = tenant.options.playground
    content = html(
        _CONTENT,
        issuer=value("the issuer", issuer),
        playground=html('<a class="button primary" href="$url/">Open the playground</a>', url=playground)
        if playground
        else Html(""),
        people=people_section(tenant),
        applications=applications_section(tenant),
        switches=switches_section(tenant),
        keys=keys_section(tenant),
        apis=apis_section(tenant),
        organizations=organizations_section(tenant),
        commands=commands_section(tenant, issuer),
        requests=requests_section(requests),
    )
    return page("Your development tenant", content, width="full", style=_STYLE, script=_SCRIPT, connects=True)
