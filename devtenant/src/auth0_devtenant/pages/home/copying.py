"""Values and blocks with a button that copies them; without scripts the buttons are not shown."""

from typing import Final

from auth0_devtenant.pages.html import Html, html

_BUTTON: Final = '<button class="copy" type="button" aria-label="Copy $what" data-copy="$text">Copy</button>'
_VALUE: Final = f'<span class="value">$label<code>$text</code>{_BUTTON}</span>'
_LABEL: Final = '<span class="label">$label</span>'
_BLOCK: Final = (
    f'<div class="block"><div class="caption"><h3>$title</h3>{_BUTTON}</div><pre tabindex="0">$text</pre></div>'
)


def value(what: str, text: str, *, label: str = "") -> Html:
    """Return a value in one line; `what` is what the button is called: Copy the issuer."""
    shown = html(_LABEL, label=label) if label else Html("")
    return html(_VALUE, label=shown, what=what, text=text)


def block(title: str, what: str, text: str) -> Html:
    """Return lines under a title."""
    return html(_BLOCK, title=title, what=what, text=text)
