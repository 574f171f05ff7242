import re
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import httpx
import pytest
from fastapi import Depends, FastAPI

from auth0_devtenant import SPA_CLIENT_ID
from auth0_sso import StaticKeys, add_docs, current_token, protect
from auth0_sso.errors import ConfigurationError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from support.host_app import library_settings
from support.running_app import running_app
from support.service import OPTIONS, Service


class InlineScripts(HTMLParser):
    """Collects the text of every script that has one, as a browser reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and not attrs

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts.append(data)

    def handle_endtag(self, _: str) -> None:
        self._inside = False


def script_sources(answer: httpx.Response) -> str:
    found = re.search(r"script-src ([^;]*);", answer.headers["Content-Security-Policy"])
    assert found
    return found[1]


async def test_the_page_after_the_login_may_run_the_script_with_its_hash(service: Service) -> None:
    answer = await service.api.get("/docs/oauth2-redirect")
    page = InlineScripts()
    page.feed(answer.text)
    assert len(page.scripts) == 1
    digest = b64encode(sha256(page.scripts[0].encode()).digest()).decode()
    assert script_sources(answer) == f"'self' 'sha256-{digest}'"


async def test_docs_have_no_inline_script(service: Service) -> None:
    answer = await service.api.get("/docs")
    page = InlineScripts()
    page.feed(answer.text)
    assert page.scripts == []
    assert script_sources(answer) == "'self'"


async def test_docs_load_nothing_from_elsewhere(service: Service) -> None:
    page = (await service.api.get("/docs")).text
    loaded: list[str] = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 6
    for url in loaded:
        assert url.startswith("/docs/assets/")
        assert (await service.api.get(url)).status_code == 200


async def test_docs_have_client_and_audience_and_may_connect_to_the_tenant(service: Service) -> None:
    answer = await service.api.get("/docs")
    assert f'"clientId": "{SPA_CLIENT_ID}"' in answer.text
    assert f'"audience": "{OPTIONS.audience}"' in answer.text
    assert f"connect-src 'self' {OPTIONS.issuer.removesuffix('/')};" in answer.headers["Content-Security-Policy"]
    assert "Cross-Origin-Opener-Policy" not in answer.headers


async def test_a_changed_file_has_another_address(service: Service) -> None:
    page = (await service.api.get("/docs")).text
    script = (await service.api.get("/docs/assets/docs.js")).content
    assert f'src="/docs/assets/docs.js?v={sha256(script).hexdigest()[:16]}"' in page


@pytest.mark.parametrize("name", ["page.html", "nothing.js", "..%2F__init__.py", "%2Fetc%2Fpasswd", "__init__.py"])
async def test_no_other_file_is_served(service: Service, name: str) -> None:
    assert (await service.api.get(f"/docs/assets/{name}")).status_code == 404


async def page(app: FastAPI, path: str, issuer: Issuer, clock: HandClock) -> httpx.Response:
    protect(app, library_settings(auth0_client_id="spa"), keys=StaticKeys(issuer.jwks()), clock=clock)
    async with running_app(app, raising=True) as client:
        return await client.get(path)


async def test_an_app_has_the_page_where_it_asks_for_it(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI(title="shop")
    add_docs(app, path="/api-docs")
    answer = await page(app, "/api-docs", issuer, clock)
    assert '"clientId": "spa"' in answer.text
    assert "/api-docs/assets/swagger-ui-bundle.js" in answer.text
    assert "https://tenant.example.com;" in answer.headers["Content-Security-Policy"]


async def test_the_title_of_an_app_ends_no_element_of_the_page(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI(title="</title><script>shop</script>", openapi_url="/</script>.json", docs_url=None)
    add_docs(app)
    text = (await page(app, "/docs", issuer, clock)).text
    assert "<title>&lt;/title&gt;&lt;script&gt;shop&lt;/script&gt;</title>" in text
    assert r'"url": "/\u003c/script>.json"' in text


async def test_addresses_of_a_mounted_apps_page_begin_with_its_path(issuer: Issuer, clock: HandClock) -> None:
    app, mounted = FastAPI(), FastAPI(docs_url=None)
    app.mount("/shop", mounted)
    add_docs(mounted)
    text = (await page(app, "/shop/docs", issuer, clock)).text
    assert '"url": "/shop/openapi.json"' in text
    assert '"redirectPath": "/shop/docs/oauth2-redirect"' in text
    assert 'src="/shop/docs/assets/docs.js' in text


async def test_the_policy_is_on_its_own_page_alone(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI(title="shop")
    add_docs(app, path="/api-docs")
    answer = await page(app, "/docs", issuer, clock)
    assert answer.status_code == 200
    assert "Content-Security-Policy" not in answer.headers


async def test_a_guard_of_the_whole_app_does_not_close_the_page(issuer: Issuer, clock: HandClock) -> None:
    app = FastAPI(docs_url=None, dependencies=[Depends(current_token)])
    add_docs(app)
    assert (await page(app, "/docs", issuer, clock)).status_code == 200
    assert "/docs" not in app.openapi()["paths"]


def test_a_page_that_the_app_has_is_not_replaced() -> None:
    app = FastAPI()
    with pytest.raises(ValueError, match="docs_url=None"):
        add_docs(app)
    add_docs(FastAPI(docs_url=None))


def test_without_an_openapi_document_there_is_no_page() -> None:
    with pytest.raises(ValueError, match="openapi_url"):
        add_docs(FastAPI(openapi_url=None))


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastapi_swagger", None)
    monkeypatch.setitem(sys.modules, "fastapi_swagger.resources", None)
    with pytest.raises(ConfigurationError, match=r"auth0-sso\[docs\]"):
        add_docs(FastAPI(docs_url=None))
