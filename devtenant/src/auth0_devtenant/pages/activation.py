"""The pages of the device flow: enter a code, confirm it, and the result."""

from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import alert, page

_ENTER: Final = """<p class="lead">Enter the code displayed on your device.</p>
$alert
<form method="get" action="/activate">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" value="$user_code" autocapitalize="characters" autocomplete="off"
  spellcheck="false" required autofocus>
<button class="primary" type="submit">Continue</button>
</form>"""

_CONFIRM: Final = """<p class="lead">$application wants to log in on a device. Does it show this code?</p>
<output>$user_code</output>
<form method="post" action="/activate">
<input type="hidden" name="user_code" value="$user_code">
<button class="primary" name="action" value="confirm">Confirm</button>
<p class="row"><span>If you did not start this, cancel.</span>
<button class="quiet" name="action" value="cancel">Cancel</button></p>
</form>"""


def code_page(user_code: str, *, error: str = "") -> HTMLResponse:
    """Return the page that asks for the code; with the error of the last attempt the status is 400."""
    content = html(_ENTER, user_code=user_code, alert=alert(error))
    return page("Device activation", content, status=400 if error else 200)


def confirmation_page(user_code: str, application: str) -> HTMLResponse:
    """Return the page that asks whether this is the code of the person's own device."""
    return page("Device confirmation", html(_CONFIRM, user_code=user_code, application=application))


def result_page(title: str, text: str, *, status: int = 200) -> HTMLResponse:
    """Return the page that says how it ended."""
    return page(title, html("<p>$text</p>", text=text), status=status)
