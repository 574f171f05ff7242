"""The application for logging in at /docs (AUTH0_CLIENT_ID): its kind, its callback URLs and its web origins."""

from collections.abc import AsyncIterator, Mapping
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from auth0_sso.http.bounded_http import FetchError
from auth0_sso.service.doctor.examination import Authorization, Examination
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped, warned
from auth0_sso.service.token.shown import shown

_REDIRECT: Final = "docs/oauth2-redirect"
_WHERE: Final = "Applications > Applications > the application > Settings"
# Any challenge of RFC 7636 section 4.2: this is the one of its appendix B.
_CHALLENGE: Final = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
_PUBLIC: Final = frozenset({"spa", "native"})


async def check_callback_urls(examination: Examination) -> AsyncIterator[Finding]:
    """Ask the Management API about the application, or /authorize by a silent login at the callback URL."""
    client_id = examination.settings.auth0_client_id
    if not client_id:
        yield skipped("not set up: there is no login at /docs", "set AUTH0_CLIENT_ID: docs/connect-a-tenant.md")
        return
    if not examination.is_reachable:
        yield skipped("the issuer cannot be reached")
        return
    fields = "app_type,callbacks,web_origins,token_endpoint_auth_method"
    path = f"clients/{quote(client_id, safe='')}?fields={fields}"
    status, document = await examination.get_managed(path, "read:clients")
    if status == 200 and isinstance(document, dict):
        examination.application = document
        for finding in _of_application(document, _callbacks(examination)):
            yield finding
        return
    yield await _by_authorization(examination)


async def authorization(examination: Examination) -> Authorization | None:
    """Return what /authorize answers to a silent login; None without an application or an answer."""
    settings = examination.settings
    if not settings.auth0_client_id or not examination.is_reachable:
        return None
    if examination.authorization is not None:
        return examination.authorization
    for callback in _callbacks(examination):
        try:
            examination.authorization = await _silent_login(examination, callback)
        except FetchError:
            break
        if examination.authorization.is_redirect:
            break
    return examination.authorization


async def _silent_login(examination: Examination, callback: str) -> Authorization:
    settings = examination.settings
    query = {
        "client_id": settings.auth0_client_id,
        "redirect_uri": callback,
        "response_type": "code",
        "scope": "openid",
        "prompt": "none",
        "state": "doctor",
        "code_challenge": _CHALLENGE,
        "code_challenge_method": "S256",
    } | ({"audience": settings.auth0_audience[0]} if examination.has_audience else {})
    response = await examination.get(f"{settings.auth0_issuer_base_url}authorize?{urlencode(query)}")
    location = response.headers.get("Location", "")
    if response.status not in {302, 303} or not location.startswith(callback):
        return Authorization(callback, is_redirect=False, description=response.body.decode("utf-8", "replace"))
    described = parse_qs(urlsplit(location).query).get("error_description", [""])
    return Authorization(callback, is_redirect=True, description=described[0])


async def _by_authorization(examination: Examination) -> Finding:
    answer = await authorization(examination)
    callbacks = " or ".join(_callbacks(examination))
    if answer is None:
        return warned("/authorize does not answer", f"compare the Allowed Callback URLs: {_WHERE}")
    if answer.is_redirect:
        return passed(f"the application of AUTH0_CLIENT_ID may redirect to {answer.callback}")
    if "Unknown client" in answer.description:
        client_id = shown(examination.settings.auth0_client_id)
        return failed(f"the tenant has no application {client_id}", f"copy AUTH0_CLIENT_ID: {_WHERE} > Client ID")
    return warned(
        f"Auth0 does not redirect to {callbacks}",
        f"add the address of this service with /{_REDIRECT} to Allowed Callback URLs: {_WHERE}; or name that address "
        "here: auth0-sso doctor --url https://...",
    )


def _of_application(document: Mapping[str, object], callbacks: tuple[str, ...]) -> list[Finding]:
    findings = []
    kind = document.get("app_type")
    if isinstance(kind, str) and kind not in _PUBLIC:
        fix = "use a Single Page Application: the page at /docs can keep no secret"
        findings.append(failed(f"the application of AUTH0_CLIENT_ID is of the type {shown(kind)}", fix))
    allowed = document.get("callbacks")
    urls = [url for url in allowed if isinstance(url, str)] if isinstance(allowed, list) else []
    matching = [url for url in urls if url in callbacks]
    others = [url for url in urls if url.endswith(f"/{_REDIRECT}")]
    if matching or others:
        findings.append(passed(f"Allowed Callback URLs has {shown((matching or others)[0])}"))
    else:
        message = f"Allowed Callback URLs lacks {' and '.join(callbacks)}"
        findings.append(failed(f"{message}, so the login at /docs fails", f"add it: {_WHERE}"))
    return findings


def _callbacks(examination: Examination) -> tuple[str, ...]:
    """Return where /docs sends logins back to, by the address that is known, or by those on this machine."""
    if examination.url is not None:
        return (f"{examination.url}{_REDIRECT}",)
    port = examination.settings.port
    return tuple(f"http://{host}:{port}/{_REDIRECT}" for host in ("127.0.0.1", "localhost"))
