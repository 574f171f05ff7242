"""Switches: signing keys, faults, clock, sessions and reset. Each button sends one request to /_development."""

import json
from typing import Final

from auth0_devtenant.pages.home.applications import duration
from auth0_devtenant.pages.html import Html, html
from auth0_devtenant.state import Tenant

_KEYS: Final = """<section id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Signing keys</h2>
<dl class="pairs"><dt>Current</dt><dd><code>$current</code></dd><dt>Next</dt><dd><code>$next</code></dd>
<dt>Previous</dt><dd>$previous</dd></dl><div class="buttons">$buttons</div></section>"""

_SWITCHES: Final = """<section id="switches" aria-labelledby="switches-title"><h2 id="switches-title">Switches</h2>
<noscript><p class="hint">The switches need scripts. Or send the requests of the README by curl.</p></noscript>
<h3>Make it fail</h3>
<form class="faults" data-faults>
<label>The next <input name="times" type="number" min="1" max="1000" value="3" inputmode="numeric"></label>
<label>requests of <select name="path"><option value="/">everything</option>
<option value="/oauth/token">the token endpoint</option>
<option value="/.well-known/jwks.json">the signing keys</option>
<option value="/api/v2/">the Management API</option></select></label>
<div class="buttons"><button name="preset" value="fail">fail (503)</button>
<button name="preset" value="slow">take 3 seconds</button>
<button name="preset" value="rate_limit">are rate limited (429)</button>$clear</div></form>
<h3>Clock</h3>
<p class="hint" id="clock">$clock</p><div class="buttons">$clocks</div>
<h3>Sessions and state</h3><div class="buttons">$state</div></section>"""

_BUTTON: Final = """<button type="button" data-path="$path" data-method="$method" data-body="$body" \
data-done="$done">\
$label</button>"""


def keys_section(tenant: Tenant) -> Html:
    """Return the section of the signing keys, by their ids."""
    keys = tenant.state.keys
    previous = [html("<code>$kid</code> ", kid=key.kid) for key in keys.previous]
    return html(
        _KEYS,
        current=keys.current.kid,
        next=keys.next.kid,
        previous=previous or Html("none"),
        buttons=[
            _button("Rotate keys", "keys/rotate", "New tokens are signed with the next key."),
            _button("Revoke previous keys", "keys/revoke", "Tokens of previous keys are refused from now on."),
        ],
    )


def switches_section(tenant: Tenant) -> Html:
    """Return the section of all other switches."""
    lifetime = tenant.api(tenant.options.audience)
    seconds = 86_400 if lifetime is None else lifetime.token_lifetime
    clocks = {"An hour ahead": 3_600, "A day ahead": 86_400, "Past the token lifetime": seconds + 1}
    return html(
        _SWITCHES,
        clear=_button("No more faults", "faults", "It answers as usual again.", method="DELETE"),
        clock=_clock(tenant.state.clock_offset),
        clocks=[
            _button(label, "clock", f"The clock is {duration(by)} further ahead.", {"advance": by})
            for label, by in clocks.items()
        ],
        state=[
            _button("End all sessions", "sessions/revoke", "Every browser has to log in again."),
            _button("Reset to the start", "reset", "Users, sessions, keys and clock are as at the start."),
        ],
    )


def _clock(offset: float) -> str:
    return f"{duration(round(abs(offset)))} {'ahead' if offset > 0 else 'behind'}" if round(offset) else "On time"


def _button(label: str, path: str, done: str, body: dict[str, int] | None = None, *, method: str = "POST") -> Html:
    return html(_BUTTON, label=label, path=path, method=method, body=json.dumps(body or {}), done=done)
