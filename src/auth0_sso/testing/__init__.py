"""Test an app that calls `protect`: tokens, clients with a token, a tenant in memory, and a clock moved by hand.

All goes through the real verifier, guards, role cache and Management client. Nothing of it is for production.
docs/guard-your-app.md shows its use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auth0_sso.testing.app_under_test import AppUnderTest, client
    from auth0_sso.testing.async_app_under_test import AsyncAppUnderTest, async_client
    from auth0_sso.testing.clock import HandClock
    from auth0_sso.testing.hostile.token import HostileToken, hostile_tokens
    from auth0_sso.testing.issuer import AUDIENCE, ISSUER, SUBJECT
    from auth0_sso.testing.management_api import User
    from auth0_sso.testing.plugin import ClientFactory
    from auth0_sso.testing.routes import unguarded_routes
    from auth0_sso.testing.tenant import Tenant
    from auth0_sso.testing.tenant_settings import settings
    from auth0_sso.testing.tokens import (
        BrokenToken,
        expired,
        id_token,
        issued_in_future,
        machine_token,
        not_yet_valid,
        opaque,
        symmetric,
        tampered,
        token,
        unknown_key,
        unsigned,
        wrong_audience,
        wrong_issuer,
        wrong_key,
    )

else:  # not for type checkers: they would then take every name for one that is there

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used: pytest loads this package for its plugin, and need not pay."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = next((home for home, names in _HOMES.items() if name in names), "tokens")
        value: object = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value


__all__ = [
    "AUDIENCE",
    "ISSUER",
    "SUBJECT",
    "AppUnderTest",
    "AsyncAppUnderTest",
    "BrokenToken",
    "ClientFactory",
    "HandClock",
    "HostileToken",
    "Tenant",
    "User",
    "async_client",
    "client",
    "expired",
    "hostile_tokens",
    "id_token",
    "issued_in_future",
    "machine_token",
    "not_yet_valid",
    "opaque",
    "settings",
    "symmetric",
    "tampered",
    "token",
    "unguarded_routes",
    "unknown_key",
    "unsigned",
    "wrong_audience",
    "wrong_issuer",
    "wrong_key",
]

_HOMES = {
    "app_under_test": {"AppUnderTest", "client"},
    "async_app_under_test": {"AsyncAppUnderTest", "async_client"},
    "clock": {"HandClock"},
    "hostile.token": {"HostileToken", "hostile_tokens"},
    "issuer": {"AUDIENCE", "ISSUER", "SUBJECT"},
    "management_api": {"User"},
    "plugin": {"ClientFactory"},
    "routes": {"unguarded_routes"},
    "tenant": {"Tenant"},
    "tenant_settings": {"settings"},
}
