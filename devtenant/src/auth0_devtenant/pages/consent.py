"""The page that asks for the user's consent."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import page

_FORM: Final = """<p class="lead">$email</p>
<p><strong>$application</strong> is requesting access to your account:</p>
<ul class="plain">$scopes</ul>
<form method="post">
<button class="primary" name="action" value="accept">Accept</button>
<p class="row"><span></span><button class="quiet" name="action" value="cancel">Decline</button></p>
</form>"""


def consent_page(application: str, email: str, scopes: Mapping[str, str]) -> HTMLResponse:
    """Return the page; `scopes` are descriptions by name."""
    items = [
        html(
            "<li>$text <code>$name</code></li>" if text != name else "<li><code>$name</code></li>",
            text=text,
            name=name,
        )
        for name, text in scopes.items()
    ]
    return page("Authorize App", html(_FORM, email=email, application=application, scopes=items))
