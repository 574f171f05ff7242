"""The servers that are measured over sockets, in one list: a new one is an entry and a function in apps.py."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from apps import PATH, SERVICE_PATH

HERE = Path(__file__).parent
NODE = Path(sys.prefix) / "node"
"""Where `make bench` installs bench/node."""


def why_without_node() -> str | None:
    """Return why the Node.js servers cannot be measured here; None if they can."""
    if which("node") is None or which("npm") is None:
        return "node or npm is not installed"
    return None if (NODE / "node_modules").is_dir() else "make bench installs it"


@dataclass(frozen=True, slots=True)
class Contender:
    """A name, and a factory for uvicorn or a script of bench/node."""

    name: str
    app: str
    path: str = PATH
    guarded: bool = True

    @property
    def is_node(self) -> bool:
        """Whether it is a script of bench/node."""
        return self.app.endswith(".js")

    @property
    def missing(self) -> str | None:
        """Why it cannot be measured here; None if it can."""
        return why_without_node() if self.is_node else None

    def command(self, port: int, loop: str) -> Sequence[str]:
        """Return the command that serves it. All Python contenders have the same server with the same options."""
        if self.is_node:
            return ("node", str(NODE / self.app), str(port))
        options = f"--port {port} --loop {loop} --http httptools --no-access-log --log-level warning --no-use-colors"
        uvicorn = (sys.executable, "-W", "ignore", "-m", "uvicorn", "--factory", self.app)
        return (*uvicorn, "--app-dir", str(HERE), *options.split())


BARE = Contender("FastAPI without authentication", "apps:bare", guarded=False)
VERIFIED = Contender("auth0_sso: verified", "apps:verified")
EVERYTHING = Contender("auth0_sso: everything on", "apps:everything")
AUTH0_SDK = Contender("auth0-fastapi-api (Auth0's SDK)", "rivals:auth0_fastapi_api")
EXPRESS = Contender("Express + express-oauth2-jwt-bearer", "express.js")
FASTIFY = Contender("Fastify + @fastify/jwt, cached", "fastify.js")
ASGI_GUARD = Contender("Starlette + auth0_sso.asgi", "apps:starlette_behind_guard")

CONTENDERS = (
    BARE,
    VERIFIED,
    Contender("auth0_sso: verified, FastAPI's APIRoute", "apps:verified_in_plain_route"),
    Contender("auth0_sso: + role", "apps:with_role"),
    Contender("auth0_sso: + rate limit", "apps:with_limit"),
    EVERYTHING,
    Contender("auth0_sso: the service's /api/data", "apps:service", path=SERVICE_PATH),
    ASGI_GUARD,
    Contender("python-jose as in tutorials", "rivals:python_jose"),
    AUTH0_SDK,
    EXPRESS,
    FASTIFY,
)
