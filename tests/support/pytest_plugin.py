"""The arguments that load our pytest plugin into a pytest of its own."""

from importlib.metadata import entry_points

INSTALLED = any(point.value == "auth0_sso.testing.plugin" for point in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "auth0_sso.testing.plugin")
"""None where it comes by its entry point; an editable install may be older than that."""
