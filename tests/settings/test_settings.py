import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth0_sso.calling.confidential_client import proofs_of
from auth0_sso.errors import ConfigurationError
from auth0_sso.service.settings import EX_CONFIG, ServiceSettings
from auth0_sso.settings import fix_of
from support.environment import GOOD, load, problems

SECRET = "Xy-very-secret-0123456789"

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_what_is_not_set_follows_from_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.auth0_management_base_url == "https://acme.eu.auth0.com/"
    assert settings.auth0_management_audience == "https://acme.eu.auth0.com/api/v2/"
    assert (settings.port, settings.rate_limit, settings.auth0_algorithms) == (3000, "10/minute", ("RS256",))
    assert settings.cors_allowed_origins == ()
    assert not settings.has_management


def test_a_custom_domain_issues_and_the_tenants_domain_serves_management(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(
        monkeypatch,
        AUTH0_ISSUER_BASE_URL="https://login.example.com",
        AUTH0_MANAGEMENT_BASE_URL="https://acme.eu.auth0.com",
        AUTH0_MANAGEMENT_AUDIENCE="https://acme.eu.auth0.com/api/v2/",
    )
    assert settings.issuer == "https://login.example.com/"
    assert settings.auth0_management_base_url == "https://acme.eu.auth0.com/"


def test_several_values_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        AUTH0_AUDIENCE="https://a.example.com, https://b.example.com",
        CORS_ALLOWED_ORIGINS="https://app.example.com,http://localhost:5173",
        CORS_ALLOWED_HEADERS="X-Tenant, X-Client-Version",
    )
    assert settings.auth0_audience == ("https://a.example.com", "https://b.example.com")
    assert settings.cors_allowed_origins == ("https://app.example.com", "http://localhost:5173")
    assert settings.cors_allowed_headers == ("X-Tenant", "X-Client-Version")


def test_an_audience_keeps_its_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, AUTH0_AUDIENCE="https://API.example.com").auth0_audience == ("https://API.example.com",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH0_AUDIENCE", " , "),
        ("AUTH0_ALGORITHMS", "none"),
        ("AUTH0_ALGORITHMS", "RS256,HS256"),
        ("AUTH0_ALGORITHMS", "rs256"),
        ("AUTH0_LEEWAY_SECONDS", "-1"),
        ("AUTH0_LEEWAY_SECONDS", "301"),
        ("AUTH0_JWKS_CACHE_FILE", "/none/such/keys.json"),
        ("AUTH0_JWKS_CACHE_FILE", "/"),
        ("AUTH0_JWKS_CACHE_FILE", f"/{'a' * 5000}"),
        ("AUTH0_JWKS_CACHE_FILE", f"/{'a' * 5000}/keys.json"),
        ("CORS_ALLOWED_HEADERS", "*"),
        ("CORS_ALLOWED_HEADERS", "X-Tenant:"),
        ("CORS_ALLOWED_HEADERS", "X-Tenant,Mündel"),
        ("PORT", "70000"),
        ("PORT", "http"),
        ("RATE_LIMIT", "ten a minute"),
        ("RATE_LIMIT", "0/minute"),
        ("RATE_LIMIT", "10/minute;20/minute"),
        ("RATE_LIMIT", "10/minute;often"),
        ("RATE_LIMIT_STRATEGY", "leaky-bucket"),
        ("AUTH_FAILURE_RATE_LIMIT", "never"),
        ("RATE_LIMIT_STORAGE_URL", "redis+sentinel://10.0.0.1:26379"),
        ("RATE_LIMIT_STORAGE_URL", "redis+cluster://10.0.0.1"),
        ("RATE_LIMIT_STORAGE_URL", "redis://:the-word@127.0.0.1:abc/0"),
        ("RATE_LIMIT_STORAGE_URL", "redis://:the-word@127.0.0.1:99999/0"),
        ("RATE_LIMIT_STORE_TIMEOUT_SECONDS", "60"),
        ("RATE_LIMIT_ON_STORE_ERROR", "panic"),
        ("RATE_LIMIT_MEMORY_MIB", "1"),
        ("WORKERS", "0"),
        ("SHUTDOWN_NOTICE_SECONDS", "60"),
        ("RATE_LIMIT_STORAGE_URL", "mongodb://localhost"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_malformed_setting_is_named_with_its_fix_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (problem,) = problems(monkeypatch, **{name: value})
    assert problem.startswith(f"{name} ")
    assert problem.endswith(f": {fix_of(ServiceSettings, name.lower())}.")


def test_the_directory_of_the_signing_keys_file_may_be_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "made" / "jwks.json"
    assert load(monkeypatch, AUTH0_JWKS_CACHE_FILE=str(path)).auth0_jwks_cache_file == path
    (tmp_path / "file").touch()
    for unusable in (tmp_path, tmp_path / "no" / "such" / "jwks.json", tmp_path / "file" / "jwks.json"):
        (problem,) = problems(monkeypatch, AUTH0_JWKS_CACHE_FILE=str(unusable))
        assert problem.startswith("AUTH0_JWKS_CACHE_FILE is not a file in a directory that exists or can be created:")
        assert str(tmp_path) not in problem


@pytest.mark.parametrize("name", ["AUTH0_MANAGEMENT_CLIENT_ID", "AUTH0_MANAGEMENT_CLIENT_SECRET"])
def test_half_of_the_management_credentials_is_a_problem(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (problem,) = problems(monkeypatch, **{name: SECRET})
    assert problem.startswith("AUTH0_MANAGEMENT_CLIENT_SECRET and AUTH0_MANAGEMENT_CLIENT_ID are not set together")
    assert SECRET not in problem


FLOATS = [name for name, field in ServiceSettings.model_fields.items() if field.annotation in {float, float | None}]


def test_there_are_numbers_that_could_be_endless() -> None:
    assert len(FLOATS) > 5


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
@pytest.mark.parametrize("name", FLOATS)
def test_no_duration_is_endless_or_not_a_number(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (problem,) = problems(monkeypatch, **{name.upper(): value})
    assert problem == f"{name.upper()} cannot be used: {fix_of(ServiceSettings, name)}."


PLAIN = [
    "AUTH0_DOMAIN",
    "AUTH0_AUDIENCE",
    "AUTH0_ISSUER_BASE_URL",
    "AUTH0_ALLOWED_CLIENTS",
    "AUTH0_CLIENT_ID",
    "AUTH0_MANAGEMENT_CLIENT_ID",
    "AUTH0_MANAGEMENT_CLIENT_SECRET",
    "AUTH0_MANAGEMENT_PRIVATE_KEY_ID",
    "AUTH0_MANAGEMENT_AUDIENCE",
    "AUTH0_MANAGEMENT_BASE_URL",
    "AUTH0_ROLE_CLAIM",
    "CORS_ALLOWED_HEADERS",
    "CORS_ALLOWED_ORIGINS",
    "RATE_LIMIT_EXEMPT_CLIENTS",
    "RATE_LIMIT_EXEMPT_PERMISSIONS",
    "RATE_LIMIT_STORAGE_URL",
    "TRUSTED_PROXIES",
]


INVISIBLE = [" ", "\n", "\t", "\r\n", "\x7f", "\u200b", "\xa0"]
CASES = [
    (name, inside)
    for name in PLAIN
    for inside in INVISIBLE
    if name != "AUTH0_MANAGEMENT_CLIENT_SECRET" or "\n" not in inside  # there a line break separates two secrets
]


@pytest.mark.parametrize(("name", "inside"), CASES, ids=ascii)
def test_invisible_whitespace_and_control_characters_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, inside: str
) -> None:
    reported = [
        each for each in problems(monkeypatch, **{name: f"redis://a{inside}b"}) if each.startswith(f"{name} ")
    ]
    assert reported == [
        f"{name} has whitespace or a control character in it: {fix_of(ServiceSettings, name.lower())}."
    ]


@pytest.mark.parametrize("text", ["one\ntwo,with", "one\r\ntwo,with\n", "\none\n\ntwo,with\none"])
def test_two_client_secrets_are_on_two_lines(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client", AUTH0_MANAGEMENT_CLIENT_SECRET=text)
    assert proofs_of(settings) == ("one", "two,with")


def test_three_client_secrets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = f"{SECRET}\ntwo\nthree"
    (problem,) = problems(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client", AUTH0_MANAGEMENT_CLIENT_SECRET=secrets)
    assert problem.startswith("AUTH0_MANAGEMENT_CLIENT_SECRET has more than 2 lines: ")
    assert SECRET not in problem


@pytest.mark.parametrize(
    "value",
    ["https://x:hunter2@exam\u2100ple.com/", "redis://:hunter2\u2100@[::hunter2]:6379/0", "hunter2 x", "/hunter2/x"],
    ids=["normalization", "ipv6", "whitespace", "path"],
)
def test_no_problem_repeats_a_value(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    reported = problems(monkeypatch, **{name.upper(): value for name in ServiceSettings.model_fields})
    assert len(reported) > 30
    assert "hunter2" not in "\n".join(reported)


def private_key(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> str:
    return rsa_keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_private_key_replaces_the_secret_also_on_one_line(
    monkeypatch: pytest.MonkeyPatch, rsa_keys: tuple[rsa.RSAPrivateKey, ...]
) -> None:
    pem = private_key(rsa_keys)
    for text in (pem, pem.replace("\n", "\\n")):
        settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client", AUTH0_MANAGEMENT_PRIVATE_KEY=text)
        assert settings.auth0_management_private_key.get_secret_value().strip() == pem.strip()
        assert "PRIVATE KEY-----" not in repr(settings)


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"AUTH0_MANAGEMENT_CLIENT_ID": "client", "AUTH0_MANAGEMENT_CLIENT_SECRET": SECRET}, "are both set"),
        ({}, "is set without AUTH0_MANAGEMENT_CLIENT_ID"),
    ],
    ids=["both", "alone"],
)
def test_a_private_key_out_of_place_is_a_problem(
    monkeypatch: pytest.MonkeyPatch,
    rsa_keys: tuple[rsa.RSAPrivateKey, ...],
    variables: dict[str, str],
    problem: str,
) -> None:
    (reported,) = problems(monkeypatch, AUTH0_MANAGEMENT_PRIVATE_KEY=private_key(rsa_keys), **variables)
    assert problem in reported
    assert "PRIVATE KEY-----" not in reported


def test_three_private_keys_are_refused(
    monkeypatch: pytest.MonkeyPatch, rsa_keys: tuple[rsa.RSAPrivateKey, ...]
) -> None:
    variables = {"AUTH0_MANAGEMENT_CLIENT_ID": "client"}
    two = load(monkeypatch, AUTH0_MANAGEMENT_PRIVATE_KEY=private_key(rsa_keys) * 2, **variables)
    assert two.auth0_management_private_key.get_secret_value().count("BEGIN PRIVATE KEY") == 2
    (reported,) = problems(monkeypatch, AUTH0_MANAGEMENT_PRIVATE_KEY=private_key(rsa_keys) * 3, **variables)
    assert reported.startswith("AUTH0_MANAGEMENT_PRIVATE_KEY has more than 2 keys")
    assert "PRIVATE KEY-----" not in reported


def test_an_unusable_private_key_is_a_problem_not_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (reported,) = problems(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client", AUTH0_MANAGEMENT_PRIVATE_KEY=SECRET)
    assert reported.startswith("AUTH0_MANAGEMENT_PRIVATE_KEY is not a private key in PEM")
    assert SECRET not in reported


@pytest.mark.parametrize(
    "variables",
    [{"AUTH0_ROLE_SOURCE": "claim"}, {"AUTH0_ROLE_CLAIM": "https://example.com/roles"}],
    ids=["source", "claim"],
)
def test_roles_from_the_token_need_the_claims_name(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    (reported,) = problems(monkeypatch, **variables)
    assert reported.startswith("AUTH0_ROLE_CLAIM and AUTH0_ROLE_SOURCE=claim are not set together")


def test_all_problems_come_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        ServiceSettings.load(port="x", rate_limit="often")
    names = [problem.split(" ")[0] for problem in caught.value.problems]
    assert names == ["AUTH0_DOMAIN", "AUTH0_AUDIENCE", "RATE_LIMIT", "PORT"]


def test_unusable_settings_exit_with_78_and_show_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH0_MANAGEMENT_CLIENT_ID", "client")
    monkeypatch.setenv("AUTH0_MANAGEMENT_CLIENT_SECRET", SECRET)
    with pytest.raises(SystemExit) as caught:
        ServiceSettings.load_or_exit()
    assert caught.value.code == EX_CONFIG == 78
    output = capsys.readouterr()
    assert "AUTH0_DOMAIN is missing" in output.err
    assert "AUTH0_AUDIENCE is missing" in output.err
    assert SECRET not in output.out + output.err


def test_a_host_name_that_a_shell_exports_stops_no_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment managers set HOST to the machine's platform; only the server listens there."""
    assert load(monkeypatch, HOST="x86_64-conda-linux-gnu").host == "x86_64-conda-linux-gnu"


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


def test_settings_of_given_values_take_nothing_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (GOOD | {"RATE_LIMIT": "1/hour", "SECRETS_DIR": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text("WORKERS=4\n")
    (tmp_path / "port").write_text("4000")
    assert ServiceSettings.load().port == 4000, "this test would prove nothing"
    settings = ServiceSettings.of(
        auth0_domain="other.eu.auth0.com", auth0_audience="one, two", metrics_enabled="true"
    )
    assert (settings.rate_limit, settings.workers, settings.port) == ("10/minute", 1, 3000)
    assert (settings.auth0_audience, settings.metrics_enabled) == (("one", "two"), True)
    with pytest.raises(ConfigurationError) as caught:
        ServiceSettings.of(workers="0")
    assert sorted(problem.partition(" ")[0] for problem in caught.value.problems) == [
        "AUTH0_AUDIENCE",
        "AUTH0_DOMAIN",
        "WORKERS",
    ]


def test_a_store_without_the_package_redis_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)  # as if it were not installed
    (problem,) = problems(monkeypatch, RATE_LIMIT_STORAGE_URL="redis://127.0.0.1:6379/0")
    assert problem.startswith("RATE_LIMIT_STORAGE_URL needs redis: install auth0-sso[redis]")
