"""A person with a browser, without scripts: follows redirects and fills in the login forms of any issuer."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx

_HOPS = 20


@dataclass
class Form:
    """An HTML form: where it is sent, and the fields with their values."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    to_fill: list[str] = field(default_factory=list)
    pressed: bool = False

    def press(self, button: Mapping[str, str]) -> None:
        """Press the form's first button, and no other."""
        if not self.pressed and "name" in button:
            self.fields[button["name"]] = button.get("value", "")
        self.pressed = True


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), given.get("method", "get").upper()))
        elif tag == "input" and self.found and "name" in given:
            self.found[-1].fields[given["name"]] = given.get("value", "")
            if given.get("type", "text") in {"text", "email", "password"}:
                self.found[-1].to_fill.append(given["name"])
        elif tag == "button" and self.found and given.get("type", "submit") == "submit":
            self.found[-1].press(given)


class Visitor:
    """Visits pages with cookies, and logs in with one name and password wherever a form asks for them."""

    def __init__(self, name: str, password: str, *, verify: ssl.SSLContext | bool = True) -> None:
        """Take what to fill in, and the authorities that sign the pages' certificates."""
        self._name = name
        self._password = password
        self.client = httpx.Client(verify=verify, trust_env=False, timeout=30)
        self.visited: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def visit(self, url: str, *, until: str | None = None) -> httpx.Response:
        """Return the first page without a form behind all redirects and logins.

        With `until`, a redirect to an address that starts like this is not followed: the response is the redirect.
        """
        response = self._get(url)
        for _ in range(_HOPS):
            location = urljoin(str(response.url), response.headers.get("Location", ""))
            if response.is_redirect:
                if until is not None and location.startswith(until):
                    return response
                response = self._get(location)
            elif form := self._form(response):
                response = self._send(form, str(response.url))
            else:
                return response
        raise AssertionError(f"the redirects do not end: {self.visited}")

    def _get(self, url: str) -> httpx.Response:
        self.visited.append(url)
        return self.client.get(url)

    def _form(self, page: httpx.Response) -> Form | None:
        if not page.headers.get("Content-Type", "").startswith("text/html"):
            return None
        forms = _Forms()
        forms.feed(page.text)
        assert not (page.is_error and forms.found), f"the login is refused: {page.text}"
        return forms.found[0] if forms.found else None

    def _send(self, form: Form, page: str) -> httpx.Response:
        filled = {name: self._password if "password" in name else self._name for name in form.to_fill}
        target = urljoin(page, form.action)
        self.visited.append(target)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page))
        return self.client.request(form.method, target, data=form.fields | filled, headers={"Origin": origin})
