"""Paths as routers may read them: one that a rule takes for harmless is that for Starlette's router too."""

from urllib.parse import unquote

from auth0_sso.asgi.paths import canonical, length_of, matcher_of_prefixes, other_readings, route_path

SEEDS = (
    b"/admin/users",
    b"/ADMIN//users/",
    b"/%61dmin/%2e%2e/x",
    b"/public/..;/admin",
    b"/a%252fb%5cc",
    b"/base/admin\n",
    "/\uff45\uff58/\u00e9".encode(),
)
_GUARDED = matcher_of_prefixes(["/admin", "/admin/users", "/api"])
_PLAIN = matcher_of_prefixes(["/admin", "/admin/users", "/api"], plain=True)


def check(data: bytes) -> None:
    """The canonical path is a fixed point, and a plain match has no reading but itself."""
    raw = data.replace(b"?", b"")
    path = unquote(raw.decode("latin-1"))
    found = canonical(path)
    if found is not None:
        assert canonical(found) == found
        assert found.startswith("/")
        assert ".." not in found.split("/")
        assert "//" not in found
    plain = _PLAIN(path)
    if plain is not None:
        guarded = _GUARDED(found or "")
        assert guarded is not None
        assert guarded[1] == plain[1]
    scope = {"path": path, "raw_path": raw}
    assert length_of(scope) == (len(raw) or length_of({"path": path}))
    for reading in (*other_readings(scope, ""), *other_readings(scope, "/root")):
        canonical(reading)
    assert path.endswith(route_path(path, "/root"))
