"""Who can log in."""

from typing import Final

from auth0_devtenant.pages.home.copying import value
from auth0_devtenant.pages.html import Html, html
from auth0_devtenant.state import Tenant, User

_MAX: Final = 50

_SECTION: Final = """<section id="people" aria-labelledby="people-title"><h2 id="people-title">People</h2>
<ul class="entries">$people</ul>$more</section>"""

_PERSON: Final = """<li><div class="head"><div><strong>$name</strong> <span class="badges">$badges</span>
<small>$email</small></div>
<button class="copy" type="button" data-token-of="$user_id" aria-label="Copy an access token of $name">\
Copy token</button>
</div>$password</li>"""


def people_section(tenant: Tenant) -> Html:
    """Return the section, with the first people."""
    users = [*tenant.state.users.values()]
    rest = len(users) - _MAX
    return html(
        _SECTION,
        people=[_person(tenant, user) for user in users[:_MAX]] or Html("<li>There are no people yet.</li>"),
        more=html('<p class="hint">and $rest more</p>', rest=str(rest)) if rest > 0 else Html(""),
    )


def _person(tenant: Tenant, user: User) -> Html:
    email = str(user.document.get("email", ""))
    name = str(user.document.get("name") or email)
    badges = [role.name for role in tenant.roles_of(user)]
    badges += [] if user.user_id.startswith("auth0|") else [user.connection]
    badges += ["MFA"] if user.mfa else []
    badges += ["blocked"] if user.document.get("blocked") else []
    return html(
        _PERSON,
        name=name,
        email=email,
        user_id=user.user_id,
        badges=[html('<span class="badge">$text</span> ', text=text) for text in badges or ["no role"]],
        password=value(f"the password of {name}", user.password, label="Password") if user.password else Html(""),
    )
