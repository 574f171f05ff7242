"""The folder of an example as `python -m http.server` serves it, with packages that are installed elsewhere."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

from support.node import INSTALLED

_PACKAGES: Final = "/node_modules/"


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, config: Mapping[str, str], *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - the server's
        self._config = json.dumps(config).encode()
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        if self.path != "/config.json":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(self._config)

    def translate_path(self, path: str) -> str:
        """Find packages where the tests have them."""
        if path.startswith(_PACKAGES):
            self.directory = str(INSTALLED)
        return super().translate_path(urlsplit(path).path)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def static_site(folder: Path, port: int, config: Mapping[str, str]) -> Iterator[None]:
    """Serve a folder at 127.0.0.1 until the block ends, with another configuration at /config.json."""
    handler = partial(_Handler, config, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
