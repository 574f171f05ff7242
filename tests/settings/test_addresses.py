import pytest

from auth0_sso.service.settings import ServiceSettings
from auth0_sso.settings import fix_of
from auth0_sso.settings.addresses import EXAMPLE_DOMAIN
from support.environment import load, problems

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.mark.parametrize(
    "domain",
    [
        "acme.eu.auth0.com",
        "https://acme.eu.auth0.com",
        "https://acme.eu.auth0.com/",
        "HTTPS://Acme.EU.auth0.com/",
        " Acme.EU.auth0.com ",
    ],
)
def test_a_domain_is_understood_however_it_was_copied(monkeypatch: pytest.MonkeyPatch, domain: str) -> None:
    settings = load(monkeypatch, AUTH0_DOMAIN=domain)
    assert settings.auth0_domain == "acme.eu.auth0.com"
    assert settings.issuer == "https://acme.eu.auth0.com/"


@pytest.mark.parametrize(
    "url", ["https://Login.Example.com", "HTTPS://LOGIN.EXAMPLE.COM/", "https://login.example.com"]
)
def test_an_issuer_is_kept_as_auth0_writes_it_in_tokens(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert load(monkeypatch, AUTH0_ISSUER_BASE_URL=url).issuer == "https://login.example.com/"


def test_an_issuer_without_a_slash_is_kept_so_where_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("https://login.example.com", "https://login.example.com/"):
        settings = load(monkeypatch, AUTH0_ISSUER_BASE_URL=url, AUTH0_ISSUER_TRAILING_SLASH="false")
        assert settings.issuer == "https://login.example.com"
        assert settings.auth0_management_audience == "https://login.example.com/api/v2/"


def test_plain_http_is_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://127.0.0.1:3001/", "http://localhost:3001", "http://[::1]:3001/"):
        assert load(monkeypatch, AUTH0_ISSUER_BASE_URL=url).issuer.startswith("http://")


@pytest.mark.parametrize("audience", ["https://acme.eu.auth0.com/api/v2/", "https://Acme.eu.auth0.com/api/v2"])
def test_the_management_apis_identifier_is_kept_as_auth0_writes_it(
    monkeypatch: pytest.MonkeyPatch, audience: str
) -> None:
    settings = load(monkeypatch, AUTH0_MANAGEMENT_AUDIENCE=audience)
    assert settings.auth0_management_audience == "https://acme.eu.auth0.com/api/v2/"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://App.Example.com", "https://app.example.com"),
        ("HTTPS://app.example.com:443", "https://app.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("https://app.example.com:8443", "https://app.example.com:8443"),
        ("http://[::1]:5173", "http://[::1]:5173"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(monkeypatch: pytest.MonkeyPatch, written: str, kept: str) -> None:
    assert load(monkeypatch, CORS_ALLOWED_ORIGINS=written).cors_allowed_origins == (kept,)


@pytest.mark.parametrize(
    "network",
    [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.1.7",
        "104.16.0.0/13",
        "fc00::/7",
        "fd00::/8",
        "fe80::/10",
        "2a00::/16",
        "::1",
        "::ffff:10.0.0.0/104",
    ],
)
def test_an_honest_network_of_proxies_is_trusted(monkeypatch: pytest.MonkeyPatch, network: str) -> None:
    assert load(monkeypatch, TRUSTED_PROXIES=network).trusted_proxies == (network,)


@pytest.mark.parametrize(
    "network",
    [
        "0.0.0.0/0",
        "::/0",
        "0.0.0.0/1",
        "10.0.0.0/7",
        "2000::/3",
        "2a00::/15",
        "::ffff:0:0/96",
        "::ffff:0:0/103",
    ],
)
def test_a_network_is_not_trusted_when_clients_are_in_it(monkeypatch: pytest.MonkeyPatch, network: str) -> None:
    (problem,) = problems(monkeypatch, TRUSTED_PROXIES=f"127.0.0.1,{network}")
    assert problem.startswith("TRUSTED_PROXIES trusts a network so wide that clients could name their own address: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1", "::", "fe80::1%eth0", "localhost", "api.internal"])
def test_an_address_to_listen_on_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert load(monkeypatch, HOST=host).host == host


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH0_DOMAIN", "https://acme.eu.auth0.com/path"),
        ("AUTH0_DOMAIN", "user@acme.eu.auth0.com"),
        ("AUTH0_DOMAIN", "acme.eu.auth0.com\u212a"),
        ("AUTH0_DOMAIN", "acme.eu.auth0.com:99999"),
        ("AUTH0_DOMAIN", "acme.eu.auth0.com:0"),
        ("AUTH0_DOMAIN", "{yourDomain}"),
        ("AUTH0_DOMAIN", "127.0.0.12345"),
        ("AUTH0_DOMAIN", "127.1"),
        ("AUTH0_DOMAIN", "acme.eu.300"),
        ("AUTH0_DOMAIN", "https://"),
        ("AUTH0_ISSUER_BASE_URL", "http://login.example.com/"),
        ("AUTH0_ISSUER_BASE_URL", "http://127.0.0.1.example.com/"),
        ("AUTH0_ISSUER_BASE_URL", "http://localhost.example.com/"),
        ("AUTH0_ISSUER_BASE_URL", "https://user:pass@login.example.com/"),
        ("AUTH0_ISSUER_BASE_URL", "https://login.example.com/?a=b"),
        ("AUTH0_ISSUER_BASE_URL", "https://login.example.com/#a"),
        ("AUTH0_ISSUER_BASE_URL", "https://login.example.com/a/../b"),
        ("AUTH0_ISSUER_BASE_URL", "https://login.example.com/userinfo"),
        ("AUTH0_ISSUER_BASE_URL", "https://login.example.com//"),
        ("AUTH0_ISSUER_BASE_URL", "https://login.example.com\\.evil.example/"),
        ("AUTH0_ISSUER_BASE_URL", "https://login.example.com:70000/"),
        ("AUTH0_ISSUER_BASE_URL", "https://[::1"),
        ("AUTH0_ISSUER_BASE_URL", "https://[::x]/"),
        ("AUTH0_ISSUER_BASE_URL", "https://"),
        ("AUTH0_ISSUER_BASE_URL", "login.example.com"),
        ("AUTH0_ISSUER_BASE_URL", "ftp://login.example.com/"),
        ("AUTH0_MANAGEMENT_BASE_URL", "http://acme.eu.auth0.com/"),
        ("AUTH0_MANAGEMENT_BASE_URL", "https://acme.eu.auth0.com/api/v2/"),
        ("AUTH0_MANAGEMENT_AUDIENCE", "x"),
        ("AUTH0_MANAGEMENT_AUDIENCE", "/api/v2/"),
        ("AUTH0_MANAGEMENT_AUDIENCE", "https://acme.eu.auth0.com/"),
        ("AUTH0_MANAGEMENT_AUDIENCE", "https://acme.eu.auth0.com/api/v2/users"),
        ("AUTH0_MANAGEMENT_AUDIENCE", "http://acme.eu.auth0.com/api/v2/"),
        ("AUTH0_DOMAIN", "[::x]"),
        ("CORS_ALLOWED_ORIGINS", "https://[::x]"),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("CORS_ALLOWED_ORIGINS", "null"),
        ("CORS_ALLOWED_ORIGINS", "http://*.example.com"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com/"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com/path"),
        ("CORS_ALLOWED_ORIGINS", "https://b\u00fccher.example"),
        ("CORS_ALLOWED_ORIGINS", "app.example.com"),
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", "proxy.example.com"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ],
)
def test_a_malformed_address_is_named_with_its_fix_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (problem,) = problems(monkeypatch, **{name: value})
    assert problem.startswith(f"{name} ")
    assert problem.endswith(f": {fix_of(ServiceSettings, name.lower())}.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH0_DOMAIN", "tenant.eu.auth0.com"),
        ("AUTH0_DOMAIN", EXAMPLE_DOMAIN),
        ("AUTH0_DOMAIN", f"https://{EXAMPLE_DOMAIN.upper()}/"),
        ("AUTH0_ISSUER_BASE_URL", f"https://{EXAMPLE_DOMAIN}/"),
        ("AUTH0_MANAGEMENT_BASE_URL", f"https://{EXAMPLE_DOMAIN}/"),
        ("AUTH0_MANAGEMENT_AUDIENCE", f"https://{EXAMPLE_DOMAIN}/api/v2/"),
    ],
)
def test_the_examples_tenant_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (problem,) = problems(monkeypatch, **{name: value})
    assert problem == f"{name} still has the example's value: {fix_of(ServiceSettings, name.lower())}."


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://API.Example.com/", "https://api.example.com"),
        ("https://api.example.com/v1/Orders/", "https://api.example.com/v1/Orders"),
        ("https://api.example.com:8443/a%2Fb", "https://api.example.com:8443/a%2Fb"),
        ("http://127.0.0.1:3000/mcp", "http://127.0.0.1:3000/mcp"),
        ("", ""),
    ],
)
def test_a_public_url_keeps_its_path(monkeypatch: pytest.MonkeyPatch, written: str, kept: str) -> None:
    assert load(monkeypatch, PUBLIC_URL=written).public_url == kept


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("api.example.com", "is not a URL"),
        ("ftp://api.example.com", "is not a URL"),
        ("https://user@api.example.com", "is not a URL"),
        ("https://api.example.com/?a=b", "is not a URL"),
        ("https://api.example.com/#a", "is not a URL"),
        ("https://api.example.com/a b", "has whitespace"),
        ("https://api.example.com/../a", "has a path that clients"),
        ("https://api.example.com/a//b", "has a path that clients"),
        ('https://api.example.com/a"', "has a path that clients"),
        ("https://api.example.com/%zz", "has a path that clients"),
        ("http://api.example.com", "is plain http"),
    ],
)
def test_a_public_url_that_clients_cannot_use_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    (problem,) = problems(monkeypatch, PUBLIC_URL=url)
    assert f"PUBLIC_URL {words}" in problem
