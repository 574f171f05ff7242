"""The paths of the developer's own tools, which no fault reaches and the list of requests leaves out."""

from typing import Final

from auth0_devtenant.development.origins import DEVELOPMENT_PATH

HOME: Final = "/"


def is_own(path: str) -> bool:
    """Return whether a path is that of the home page or under /_development."""
    return path == HOME or f"{path}/".startswith(f"{DEVELOPMENT_PATH}/")
