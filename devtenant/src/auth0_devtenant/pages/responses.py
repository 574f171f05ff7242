"""Authorization responses that are pages: one posts a form to the application, one a message to its window."""

import json
from collections.abc import Mapping
from typing import Final

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import html
from auth0_devtenant.pages.layout import page

_SUBMIT: Final = "document.forms[0].submit()"
_POST_MESSAGE: Final = """
const { origin, response } = document.getElementById("response").dataset;
const application = window.opener || (window.parent === window ? null : window.parent);
if (application) {
  application.postMessage({ type: "authorization_response", response: JSON.parse(response) }, origin);
}
"""


def form_post_page(redirect_uri: str, values: Mapping[str, str]) -> HTMLResponse:
    """Return the page that posts `values` to the redirect URI (OAuth 2.0 Form Post Response Mode)."""
    fields = [
        html('<input type="hidden" name="$name" value="$value">', name=name, value=value)
        for name, value in values.items()
    ]
    content = html(
        '<form method="post" action="$uri">$fields<button class="primary">Continue</button></form>',
        uri=redirect_uri,
        fields=fields,
    )
    # The application sees this page's origin in the header Origin, and nothing of its URL.
    return page("Logged in", content, script=_SUBMIT, referrer_policy="strict-origin")


def web_message_page(origin: str, values: Mapping[str, str]) -> HTMLResponse:
    """Return the page that posts `values` to the window of the application, if that has this origin."""
    content = html(
        '<p id="response" data-origin="$origin" data-response="$response">You can close this window.</p>',
        origin=origin,
        response=json.dumps(values),
    )
    return page("Back to the application", content, script=_POST_MESSAGE, frame_ancestors=origin)
