"""The HTML pages: login form and error page, without scripts and external resources."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from string import Template
from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.seed import DATABASE
from auth0_devtenant.state import Tenant

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; min-height: 100vh; display: grid; place-items: center; background: Canvas;
  color: CanvasText; }
main { width: 100%; max-width: 30rem; padding: clamp(1rem, 6vw, 2rem); border: 1px solid GrayText;
  border-radius: .75rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; }
label { display: block; margin: .75rem 0 .25rem; font-weight: 600; }
input { width: 100%; padding: .6rem; font: inherit; border: 1px solid GrayText;
  border-radius: .4rem; }
button { width: 100%; margin-top: 1.25rem; padding: .7rem; font: inherit; font-weight: 600; color: #fff;
  background: #3f59e4; border: 0; border-radius: .4rem; cursor: pointer; }
ul { margin: 0; padding: 0; list-style: none; }
li { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(10.5rem, 100%), 1fr)); padding: .2rem 0;
  column-gap: .75rem; }
.note { margin-top: 1.5rem; padding-top: 1rem; border-top: 1px solid GrayText; font-size: .85rem; }
.error { color: #b3261e; font-weight: 600; }
"""

_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body><main>
<h1>$title</h1>
$content
</main></body>
</html>
""")

_FORM: Final = Template("""$alert<form method="post">
<label for="username">Email</label>
<input id="username" name="username" type="email" autocomplete="username" value="$email" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Log in</button>
</form>
<div class="note">
<p>This is a development tenant. Log in as one of these people:</p>
<ul>$people</ul>
</div>""")

# No form-action: Chromium applies it to the redirect after the form too, which goes to the application.
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)


def login_page(tenant: Tenant, *, email: str = "", error: str = "") -> HTMLResponse:
    """Return the login form; with the error of the last attempt the status is 400, as at Auth0."""
    people = "".join(
        f"<li><span>{escape(user.document['email'])}</span> <code>{escape(user.password)}</code></li>"
        for user in tenant.state.users.values()
        if user.connection == DATABASE
    )
    alert = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    content = _FORM.substitute(alert=alert, email=escape(email), people=people)
    return _page("Log in", content, 400 if error else 200)


def error_page(message: str) -> HTMLResponse:
    """Return the page for an error that must not be sent to the redirect URI (RFC 6749 section 4.1.2.1)."""
    return _page("Oops!, something went wrong", f"<p>{escape(message)}</p>", 400)


def _page(title: str, content: str, status: int) -> HTMLResponse:
    html = _PAGE.substitute(title=title, style=_STYLE, content=content)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"}
    return HTMLResponse(html, status, headers | {"X-Content-Type-Options": "nosniff"})
