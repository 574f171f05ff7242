"""The page that asks for a one-time code, and shows it."""

from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import alert, page

_FORM: Final = """<p class="lead">$email</p>
<p>Auth0 takes the code from an authenticator app. Here it is:</p>
<output id="one-time-code" aria-label="Your code">$code</output>
$alert
<form method="post">
<label for="code">Code</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus>
<button class="primary" type="submit">Continue</button>
<p class="row"><span></span><button class="quiet" name="action" value="cancel" formnovalidate>Cancel</button></p>
</form>"""


def second_factor_page(email: str, code: str, *, error: str = "") -> HTMLResponse:
    """Return the page; with the error of the last attempt the status is 400."""
    content = html(_FORM, email=email, code=code, alert=alert(error))
    return page("Verify your identity", content, status=400 if error else 200)
