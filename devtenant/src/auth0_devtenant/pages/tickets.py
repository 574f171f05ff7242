"""The pages that a ticket's URL opens: a new password, and what has been done."""

from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import alert, page

_FORM: Final = """<p class="lead">of $email</p>
$alert
<form method="post">
<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required autofocus>
<label for="again">Repeat the new password</label>
<input id="again" name="again" type="password" autocomplete="new-password" required>
<button class="primary" type="submit">Change password</button>
</form>"""


def password_page(*, email: str, error: str = "") -> HTMLResponse:
    """Return the form for a new password; with the error of the last attempt the status is 400."""
    content = html(_FORM, email=email, alert=alert(error))
    return page("Change your password", content, status=400 if error else 200)


def result_page(title: str, message: str, *, status: int = 200) -> HTMLResponse:
    """Return the page that says what has been done, or why nothing has."""
    return page(title, html("<p>$message</p>", message=message), status=status)
