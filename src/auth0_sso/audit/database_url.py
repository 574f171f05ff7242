"""The address of the audit database: PostgreSQL, or a file of SQLite. Needs neither driver."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

_POSTGRESQL: Final = frozenset({"postgresql", "postgres"})
_DRIVERS: Final = {"postgresql": "asyncpg", "sqlite": "aiosqlite"}


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where the audit trail is."""

    kind: Literal["postgresql", "sqlite"]
    url: str = field(repr=False)
    """Of PostgreSQL, with its parameters (https://www.postgresql.org/docs/current/libpq-connect.html)."""
    file: Path = Path()
    """Of SQLite."""
    reread: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    """Returns the URL of PostgreSQL as it is now; called in a thread."""

    async def current(self) -> str:
        """Return the URL for a new connection to PostgreSQL: its password may have changed."""
        if self.reread is None:
            return self.url
        return parse_database_url(await asyncio.to_thread(self.reread)).url or self.url

    @property
    def missing_packages(self) -> list[str]:
        """What is not installed of what it needs."""
        return [name for name in ("sqlalchemy", "alembic", _DRIVERS[self.kind]) if find_spec(name) is None]


def parse_database_url(url: str) -> DatabaseUrl:
    """Read `postgresql://user:password@host:port/database?sslmode=verify-full`, or `sqlite:///file`.

    `sqlite:////var/lib/audit.db` has an absolute path. Raises `ValueError`, which does not repeat the URL: it may
    hold a password.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # its message may repeat a part of the URL
        raise ValueError("is not the URL of a database") from None
    scheme = parts.scheme.partition("+")[0]
    if scheme in _POSTGRESQL and parts.netloc:
        return DatabaseUrl("postgresql", f"postgresql{url[len(parts.scheme) :]}")
    if scheme == "sqlite" and not parts.netloc and len(parts.path) > 1 and not parts.query:
        return DatabaseUrl("sqlite", "", Path(unquote(parts.path[1:])))
    raise ValueError("is neither postgresql://host/database nor sqlite:///file")
