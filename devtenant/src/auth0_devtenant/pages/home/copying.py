"""Values and blocks with a button that copies them; without scripts the buttons are not shown."""

from typing import Final

from auth0_devtenant.pages.html import Html, html

_BUTTON: Final = '<button class="copy" type="button" aria-label="Copy $what" data-copy="$text">Copy</button>'
_VALUE: Final = f'<span class="value"><code>$text</code>{_BUTTON}</span>'
_BLOCK: Final = (
    f'<div class="block"><div class="caption"><h3>$title</h3>{_BUTTON}</div><pre tabindex="0">$text</pre></div>'
)


def value(what: str, text: str) -> Html:
    """Return a value in one line; `what` is what the button is called: Copy the issuer."""
    return html(_VALUE, what=what, text=text)


def block(title: str, what: str, text: str) -> Html:
    """Return lines under a title."""
    return html(_BLOCK, title=title, what=what, text=text)
