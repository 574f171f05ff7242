"""What is sent to the shared store, a command or a Lua script, and how it fails. Needs no redis-py."""

from collections.abc import Callable
from hashlib import sha1
from typing import Any, Final

KEY_PREFIX: Final = "auth0-sso"
"""What each key in the store begins with."""

Argument = str | bytes | int | float
"""A part of a command."""


class Script:
    """A Lua script, known to the server by its digest once it has run there."""

    def __init__(self, text: str, *, wrote: Callable[[Any], bool] = lambda _: True) -> None:
        """Take the script, and what tells from its reply whether it wrote something: by default it always does."""
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.wrote = wrote


class CommandError(Exception):
    """A command failed, or got no reply in time."""

    def __init__(self, reason: str, cause: Exception) -> None:
        super().__init__(reason)
        self.reason = reason
        """One word, without the error's text, which may name the store's address or user."""
        self.cause = cause
        """The client's error: one for all commands that a lost connection or one timeout failed."""
