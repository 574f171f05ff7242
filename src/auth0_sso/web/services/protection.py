"""What an app's lifespan opens the services with; tests exchange it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

from auth0_sso.settings import Settings
from auth0_sso.web.services.services import Services

Opening = Callable[..., AbstractAsyncContextManager[Services]]
"""Opens the services for settings; takes the parts of `open_services` as keywords."""

_MAX_MIDDLEWARE: Final = 32


@dataclass(slots=True)
class Protection:
    """What an app's lifespan opens the services with."""

    settings: Settings | None
    """None to read them from the environment."""
    opening: Opening

    @classmethod
    def of(cls, app: object) -> "Protection":
        """Return that of a protected app or of an `Auth0Guard`, with any middleware around it.

        Raises `RuntimeError` for another app.
        """
        for each in apps_below(app):
            for holder, name in ((getattr(each, "state", None), "auth0_sso_protection"), (each, "protection")):
                protection = getattr(holder, name, None)
                if isinstance(protection, cls):
                    return protection
        raise RuntimeError("this app is not protected: call auth0_sso.protect(app) where you make it")

    def chosen_settings(self) -> Settings:
        """Return the settings, read from the environment where the app chose none."""
        if self.settings is not None:
            return self.settings
        settings = Settings.load()
        Settings.log_unknown_names(misspelt_only=True)  # the app may have AUTH0_ variables of its own
        return settings

    @contextmanager
    def replaced(self, settings: Settings, opening: Opening) -> Iterator[None]:
        """Open the services with these instead, while the block runs: for tests."""
        before = self.settings, self.opening
        self.settings, self.opening = settings, opening
        try:
            yield
        finally:
            self.settings, self.opening = before


def apps_below(app: object) -> Iterator[object]:
    """Yield an app, and what it is the middleware of: by convention its attribute `app`."""
    for _ in range(_MAX_MIDDLEWARE):
        if app is None:
            return
        yield app
        app = getattr(app, "app", None)
