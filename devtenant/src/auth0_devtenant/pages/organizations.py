"""The page with the user's organizations."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import page
from auth0_devtenant.state import Organization

_FORM: Final = """<p class="lead">$email</p>
<form method="post" class="choices">
<ul class="stack scroll">$choices</ul>
<p class="row"><span></span><button class="quiet" name="action" value="cancel">Cancel</button></p>
</form>"""

_CHOICE: Final = """<li><button class="person" name="organization" value="$id">
<span>$title<small>$name</small></span></button></li>"""


def organizations_page(email: str, organizations: Sequence[Organization]) -> HTMLResponse:
    """Return the page, with a button for each organization."""
    choices = [
        html(_CHOICE, id=each.id, title=each.display_name or each.name, name=each.name) for each in organizations
    ]
    return page("Select an organization", html(_FORM, email=email, choices=choices))
