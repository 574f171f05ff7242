"""The login page: email and password, other identity providers, and people to log in as by one click."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import Html, html
from auth0_devtenant.pages.layout import alert, page
from auth0_devtenant.state import Connection, User

_MAX_PEOPLE: Final = 50

# The password form comes first: Enter in a field presses the first button of the form.
_FORM: Final = """<p class="lead">to continue to $application$organization</p>
$alert
<form method="post" class="columns">
<div>
$password
<label class="check"><input type="checkbox" name="second_factor"> with a second factor (MFA)</label>
$submit
</div>
<section class="beside" aria-labelledby="people">
<h2 id="people">Or with one click, as</h2>
<ul class="stack scroll">$people</ul>
$more
</section>
$connections
<p class="row"><span>No account? <a href="/u/signup?state=$state">Sign up</a></span>
<button class="quiet" name="action" value="cancel" formnovalidate>Cancel</button></p>
</form>"""

_CREDENTIALS: Final = """<label for="username">Email</label>
<input id="username" name="username" type="email" autocomplete="username" value="$email" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>"""

_SUBMIT: Final = '<button class="primary" type="submit">Log in</button>'

_CONNECTION: Final = (
    """<li><button name="connection" value="$name" formnovalidate>Continue with $title</button></li>"""
)

_PERSON: Final = """<li><button class="person" name="user_id" value="$user_id" formnovalidate>
<span>$name<small>$email</small></span>$badges</button></li>"""


def login_page(
    state: str,
    people: Sequence[User],
    connections: Sequence[Connection],
    *,
    with_password: bool,
    application: str,
    organization: str = "",
    email: str = "",
    error: str = "",
) -> HTMLResponse:
    """Return the login form; with the error of the last attempt the status is 400, as at Auth0.

    Without `with_password` it has no fields for a password.
    """
    buttons = [html(_CONNECTION, name=each.name, title=each.title) for each in connections]
    rest = len(people) - _MAX_PEOPLE
    content = html(
        _FORM,
        application=application,
        organization=f" ({organization})" if organization else "",
        alert=alert(error),
        password=html(_CREDENTIALS, email=email) if with_password else Html(""),
        submit=Html(_SUBMIT if with_password else ""),
        state=state,
        connections=html('<ul class="stack">$buttons</ul>', buttons=buttons) if buttons else Html(""),
        people=[_person(user) for user in people[:_MAX_PEOPLE]] or Html("<li>There is no one to log in as.</li>"),
        more=html('<p class="hint">and $rest more</p>', rest=str(rest)) if rest > 0 else Html(""),
    )
    return page("Log in", content, status=400 if error else 200, width="wide")


def _person(user: User) -> Html:
    badges = [] if user.user_id.startswith("auth0|") else [user.connection]
    badges += ["MFA"] if user.mfa else []
    badges += ["blocked"] if user.document.get("blocked") else []
    email = str(user.document.get("email", ""))
    return html(
        _PERSON,
        user_id=user.user_id,
        name=str(user.document.get("name") or email),
        email=email,
        badges=html('<span class="badge">$text</span>', text=", ".join(badges)) if badges else Html(""),
    )
