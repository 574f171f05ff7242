"""The settings, read from the environment, a `.env` file and a directory of secrets. Nothing else reads those."""

from auth0_sso.settings.loading import fix_of
from auth0_sso.settings.settings import Settings

__all__ = ["Settings", "fix_of"]
