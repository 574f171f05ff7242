"""The settings, read from the environment, a `.env` file and a directory of secrets."""

from auth0_sso.settings.settings import EX_CONFIG, Settings, fix_of

__all__ = ["EX_CONFIG", "Settings", "fix_of"]
