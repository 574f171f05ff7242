"""The last requests, the newest first. The script of the page brings them up to date."""

from collections.abc import Mapping, Sequence
from typing import Final

from auth0_devtenant.pages.html import Html, html

_SHOWN: Final = 20

_SECTION: Final = """<section aria-labelledby="requests-title"><h2 id="requests-title">Last requests</h2>
<ol id="requests" class="requests">$rows</ol>
<p class="hint" id="no-requests"$hidden>No request so far. Those of this page and of /_development are left out.</p>
</section>"""

_ROW: Final = '<li><span class="status">$status</span> <span>$method</span> <code>$path</code></li>'


def requests_section(requests: Sequence[Mapping[str, object]]) -> Html:
    """Return the section."""
    rows = [
        html(_ROW, status=str(each["status"]), method=str(each["method"]), path=str(each["path"]))
        for each in reversed(requests[-_SHOWN:])
    ]
    return html(_SECTION, rows=rows, hidden=Html(" hidden" if rows else ""))
