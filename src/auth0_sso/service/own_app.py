"""An app of the user's own, which a command names as MODULE:APP."""

import sys
from collections.abc import Callable
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import NoReturn


def load_app(target: str, refuse: Callable[[str], NoReturn]) -> object:
    """Import an app as uvicorn does, with the working directory on the path; call it if it is a factory.

    `refuse` ends the command with a sentence, where there is no such app.
    """
    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        refuse(f"{target!r} is not MODULE:APP, such as main:app")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: object = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # a module that the app itself imports
        refuse(f"there is no module {module_name!r} in this directory or this Python")
    for name in attribute.split("."):
        if not hasattr(found, name):
            refuse(f"the module {module_name!r} has no {attribute!r}")
        found = getattr(found, name)
    return found() if callable(found) and _is_factory(found) else found


def _is_factory(found: Callable[..., object]) -> bool:
    """Return whether this can be called without arguments; an ASGI app takes scope, receive and send."""
    try:
        signature(found).bind()
    except TypeError:
        return False
    return True
