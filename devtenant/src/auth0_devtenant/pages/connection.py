"""The page of another identity provider, which the tenant imitates."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import alert, page
from auth0_devtenant.state import Connection

_FORM: Final = """<p class="lead">to continue to $application</p>
<p class="hint">This page stands for $title. Each account there is a user of its own in this tenant.</p>
$alert
<form method="post">
<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="username" value="$email" required autofocus>
<button class="primary" type="submit">Continue</button>
</form>
<form method="post" class="choices">
<ul class="stack scroll">$accounts</ul>
<p class="row"><a href="/u/login?state=$state">Back</a>
<button class="quiet" name="action" value="cancel">Cancel</button></p>
</form>"""


def connection_page(
    state: str, connection: Connection, emails: Sequence[str], *, application: str, email: str = "", error: str = ""
) -> HTMLResponse:
    """Return the page, with a button for each known email; with an error the status is 400."""
    title = connection.title
    accounts = [
        html('<li><button class="person" name="email" value="$email"><span>$email</span></button></li>', email=each)
        for each in emails
    ]
    content = html(
        _FORM,
        application=application,
        title=title,
        alert=alert(error),
        email=email,
        accounts=accounts,
        state=state,
    )
    return page(f"Log in with {title}", content, status=400 if error else 200)
