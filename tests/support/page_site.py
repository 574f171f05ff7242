"""The site of a single page application: a page of tests/clients/pages, and the modules of installed packages."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

from support.node import INSTALLED, output_of

PAGES: Final = Path(__file__).parent.parent / "clients" / "pages"


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, page: bytes, own: Mapping[str, tuple[bytes, str]], *arguments: Any) -> None:  # noqa: ANN401 - the server's
        self._page = page
        self._own = own
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path in self._own:
            self._send(*self._own[path])
        elif path.startswith("/packages/"):
            self._send_module(path.removeprefix("/packages/"))
        else:
            self._send(self._page, "text/html; charset=utf-8")

    def _send_module(self, name: str) -> None:
        packages = (INSTALLED / "node_modules").resolve()
        file = (packages / name).resolve()
        if file.is_relative_to(packages) and file.is_file():
            self._send(file.read_bytes(), "text/javascript")
        else:
            self.send_error(404)

    def _send(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def page_site(name: str, port: int, *, bundle: Path | None = None, **config: str) -> Iterator[str]:
    """Serve a page at every path, with its configuration at /config.json, until the block ends; yield the origin.

    A `bundle` is served as /bundle.js.
    """
    page = (PAGES / f"{name}.html").read_bytes()
    own = {"/config.json": (json.dumps(config).encode(), "application/json")}
    if bundle is not None:
        own["/bundle.js"] = (bundle.read_bytes(), "text/javascript")
    with ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, page, own)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{port}"
        finally:
            server.shutdown()
            thread.join()


def bundled(name: str, folder: Path) -> Path:
    """Return the script of a page, bundled with the packages it imports."""
    bundle = folder / f"{name}.js"
    packages = str(INSTALLED / "node_modules")
    output_of("bundle.mjs", PAGE=str(PAGES / f"{name}.js"), BUNDLE=str(bundle), PACKAGES=packages)
    return bundle
