"""The sign-up page."""

from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import alert, page

_FORM: Final = """<p class="lead">to continue to $application</p>
$alert
<form method="post">
<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="username" value="$email" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="8" required
  aria-describedby="policy">
<p class="hint" id="policy">8 characters of three kinds: lower case, upper case, numbers, special characters.</p>
<button class="primary" type="submit">Sign up</button>
<p class="row"><span>Already have an account? <a href="/u/login?state=$state">Log in</a></span>
<button class="quiet" name="action" value="cancel" formnovalidate>Cancel</button></p>
</form>"""


def signup_page(state: str, *, application: str, email: str = "", error: str = "") -> HTMLResponse:
    """Return the sign-up form; with the error of the last attempt the status is 400."""
    content = html(_FORM, application=application, alert=alert(error), email=email, state=state)
    return page("Sign up", content, status=400 if error else 200)
