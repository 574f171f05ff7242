"""The files of the docs page: Swagger UI's own, from the package fastapi-swagger, and those beside this one."""

import re
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib import resources
from string import Template
from types import MappingProxyType
from typing import Final, NamedTuple, Self

from auth0_sso.errors import ConfigurationError

_SWAGGER_UI: Final = "fastapi_swagger.resources"
_OWN: Final = "auth0_sso.web.docs_page.static"
_SERVED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "swagger-ui-bundle.js": (_SWAGGER_UI, "text/javascript"),
        "swagger-ui.css": (_SWAGGER_UI, "text/css"),
        "favicon-32x32.png": (_SWAGGER_UI, "image/png"),
        "color_scheme.js": (_OWN, "text/javascript"),
        "docs.js": (_OWN, "text/javascript"),
        "docs.css": (_OWN, "text/css"),
    }
)


class Asset(NamedTuple):
    """A file that the page loads."""

    content: bytes
    media_type: str

    @property
    def version(self) -> str:
        """What changes with the file: a browser's cache then gives no old file to a new page."""
        return sha256(self.content).hexdigest()[:16]


class DocsFiles(NamedTuple):
    """The page, and the files that it loads by their names."""

    page: Template
    assets: Mapping[str, Asset]

    @classmethod
    def read(cls) -> Self:
        """Read all files; raise `ConfigurationError` without the package fastapi-swagger."""
        try:
            assets = {name: Asset(_read(package, name), kind) for name, (package, kind) in _SERVED.items()}
        except ImportError as error:
            raise ConfigurationError((f"the docs page needs {error.name}: install auth0-sso[docs].",)) from None
        return cls(Template(_read(_OWN, "page.html").decode()), assets)

    def page_with(self, directory: str, *, title: str, openapi_url: str, configuration: str) -> str:
        """Return the page, which loads its files from a directory; `configuration` is JSON for its script."""
        urls = {_variable(name): f"{directory}/{name}?v={asset.version}" for name, asset in self.assets.items()}
        texts = {"title": title, "openapi_url": openapi_url, **urls}
        escaped = {name: escape(text) for name, text in texts.items()}
        return self.page.substitute(escaped, configuration=configuration.replace("<", r"\u003c"))  # no </script>


def _read(package: str, name: str) -> bytes:
    return (resources.files(package) / name).read_bytes()


def _variable(name: str) -> str:
    """Return the name of a file in the template."""
    return re.sub(r"\W", "_", name)
