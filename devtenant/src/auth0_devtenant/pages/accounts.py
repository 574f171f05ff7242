"""The page that asks whether to go on as the user who is logged in."""

from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import page
from auth0_devtenant.state import User

_FORM: Final = """<p class="lead">to continue to $application</p>
<form method="post" class="choices">
<ul class="stack">
<li><button class="person" name="account" value="session"><span>$name<small>$email</small></span></button></li>
<li><button name="account" value="other">Use another account</button></li>
</ul>
<p class="row"><span></span><button class="quiet" name="action" value="cancel">Cancel</button></p>
</form>"""


def accounts_page(user: User, *, application: str) -> HTMLResponse:
    """Return the page."""
    email = str(user.document.get("email", ""))
    name = str(user.document.get("name") or email)
    return page("Choose an account", html(_FORM, application=application, name=name, email=email))
