"""The pages a person sees at the tenant: the login form and the error page. No script, nothing from elsewhere."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from string import Template
from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.people import PEOPLE

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
.fault { color: #b3261e; font-weight: 600; }
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

_FORM: Final = Template("""$fault<form method="post">
<label for="username">Email</label>
<input id="username" name="username" type="email" autocomplete="username" value="$email" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Log in</button>
</form>
<div class="note">
<p>This is a development tenant. These people can log in:</p>
<ul>$people</ul>
</div>""")

# No form-action: Chromium applies it to where the login redirects as well, which is the application.
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)


def login_page(*, email: str = "", fault: str = "") -> HTMLResponse:
    """Return the login form, with a fault of the last try: 400 then, as Auth0 answers."""
    people = "".join(
        f"<li><span>{escape(person.email)}</span> <code>{escape(person.password)}</code></li>" for person in PEOPLE
    )
    said = f'<p class="fault" role="alert">{escape(fault)}</p>' if fault else ""
    content = _FORM.substitute(fault=said, email=escape(email), people=people)
    return _page("Log in", content, 400 if fault else 200)


def error_page(fault: str, status: int = 400) -> HTMLResponse:
    """Return a page for what must not be sent to a redirect address nobody vouched for (RFC 6749 section 4.1.2.1)."""
    return _page("Oops!, something went wrong", f"<p>{escape(fault)}</p>", status)


def _page(title: str, content: str, status: int) -> HTMLResponse:
    html = _PAGE.substitute(title=title, style=_STYLE, content=content)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"}
    return HTMLResponse(html, status, headers | {"X-Content-Type-Options": "nosniff"})
