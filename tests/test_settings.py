from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from auth0_sso.errors import ConfigurationError
from auth0_sso.settings import EX_CONFIG, Settings, fix_of

GOOD = {"AUTH0_DOMAIN": "tenant.eu.auth0.com", "AUTH0_AUDIENCE": "https://api.example.com"}
SECRET = "Xy-very-secret-0123456789"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable, .env file or secret of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in (GOOD | variables).items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def problems(monkeypatch: pytest.MonkeyPatch, **variables: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(monkeypatch, **variables)
    return caught.value.problems


@pytest.mark.parametrize(
    "domain",
    ["tenant.eu.auth0.com", "https://tenant.eu.auth0.com", "https://tenant.eu.auth0.com/", " Tenant.EU.auth0.com "],
)
def test_a_domain_is_understood_however_it_was_copied(monkeypatch: pytest.MonkeyPatch, domain: str) -> None:
    settings = load(monkeypatch, AUTH0_DOMAIN=domain)
    assert settings.auth0_domain == "tenant.eu.auth0.com"
    assert settings.issuer == "https://tenant.eu.auth0.com/"


def test_what_is_not_set_follows_from_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.auth0_management_base_url == "https://tenant.eu.auth0.com/"
    assert settings.auth0_management_audience == "https://tenant.eu.auth0.com/api/v2/"
    assert (settings.port, settings.rate_limit, settings.auth0_algorithms) == (3000, "10/minute", ("RS256",))
    assert settings.cors_allowed_origins == ()
    assert not settings.has_management


def test_a_custom_domain_issues_while_the_management_api_stays_at_the_tenants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(
        monkeypatch,
        AUTH0_ISSUER_BASE_URL="https://login.example.com",
        AUTH0_MANAGEMENT_BASE_URL="https://tenant.eu.auth0.com",
        AUTH0_MANAGEMENT_AUDIENCE="https://tenant.eu.auth0.com/api/v2/",
    )
    assert settings.issuer == "https://login.example.com/"
    assert settings.auth0_management_base_url == "https://tenant.eu.auth0.com/"


def test_several_values_are_parted_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        AUTH0_AUDIENCE="https://a.example.com, https://b.example.com",
        CORS_ALLOWED_ORIGINS="https://app.example.com,http://localhost:5173",
    )
    assert settings.auth0_audience == ("https://a.example.com", "https://b.example.com")
    assert settings.cors_allowed_origins == ("https://app.example.com", "http://localhost:5173")


def test_an_audience_keeps_its_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, AUTH0_AUDIENCE="https://API.example.com").auth0_audience == ("https://API.example.com",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH0_DOMAIN", "https://tenant.eu.auth0.com/path"),
        ("AUTH0_DOMAIN", "two words"),
        ("AUTH0_DOMAIN", "user@tenant.eu.auth0.com"),
        ("AUTH0_AUDIENCE", " , "),
        ("AUTH0_ISSUER_BASE_URL", "http://login.example.com/"),
        ("AUTH0_ISSUER_BASE_URL", "http://127.0.0.1.example.com/"),
        ("AUTH0_ISSUER_BASE_URL", "https://user:pass@login.example.com/"),
        ("AUTH0_ISSUER_BASE_URL", "https://login.example.com/?a=b"),
        ("AUTH0_ISSUER_BASE_URL", "https://[::1"),
        ("AUTH0_ISSUER_BASE_URL", "login.example.com"),
        ("AUTH0_ALGORITHMS", "none"),
        ("AUTH0_ALGORITHMS", "RS256,HS256"),
        ("AUTH0_ALGORITHMS", "rs256"),
        ("AUTH0_LEEWAY_SECONDS", "-1"),
        ("AUTH0_LEEWAY_SECONDS", "301"),
        ("AUTH0_LEEWAY_SECONDS", "nan"),
        ("AUTH0_CLIENT_ID", "https://api.example.com"),
        ("AUTH0_MANAGEMENT_BASE_URL", "http://tenant.eu.auth0.com/"),
        ("PORT", "70000"),
        ("PORT", "http"),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com/"),
        ("CORS_ALLOWED_ORIGINS", "app.example.com"),
        ("RATE_LIMIT", "ten a minute"),
        ("RATE_LIMIT", "0/minute"),
        ("RATE_LIMIT", "10/minute;20/minute"),
        ("RATE_LIMIT", "10/minute;often"),
        ("RATE_LIMIT_STRATEGY", "leaky-bucket"),
        ("AUTH_FAILURE_RATE_LIMIT", "never"),
        ("TRUSTED_PROXIES", "proxy.example.com"),
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
def test_a_malformed_setting_is_named_with_its_fix_and_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (problem,) = problems(monkeypatch, **{name: value})
    assert problem.startswith(f"{name} ")
    assert problem.endswith(f": {fix_of(name.lower())}.")


def test_the_directory_of_the_signing_keys_file_may_be_missing_and_its_parent_may_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "made" / "jwks.json"
    assert load(monkeypatch, AUTH0_JWKS_CACHE_FILE=str(path)).auth0_jwks_cache_file == path
    (tmp_path / "file").touch()
    for unusable in (tmp_path, tmp_path / "no" / "such" / "jwks.json", tmp_path / "file" / "jwks.json"):
        (problem,) = problems(monkeypatch, AUTH0_JWKS_CACHE_FILE=str(unusable))
        assert problem.startswith("AUTH0_JWKS_CACHE_FILE is not a file in a directory that exists or can be created:")
        assert str(tmp_path) not in problem


def test_plain_http_is_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://127.0.0.1:3001/", "http://localhost:3001", "http://[::1]:3001/"):
        assert load(monkeypatch, AUTH0_ISSUER_BASE_URL=url).issuer.startswith("http://")


@pytest.mark.parametrize("name", ["AUTH0_MANAGEMENT_CLIENT_ID", "AUTH0_MANAGEMENT_CLIENT_SECRET"])
def test_half_of_the_management_credentials_is_a_problem(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (problem,) = problems(monkeypatch, **{name: SECRET})
    assert problem.startswith("AUTH0_MANAGEMENT_CLIENT_SECRET and AUTH0_MANAGEMENT_CLIENT_ID are not set together")
    assert SECRET not in problem


def private_key(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> str:
    return rsa_keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_private_key_stands_for_the_secret_also_on_one_line(
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
    (told,) = problems(monkeypatch, AUTH0_MANAGEMENT_PRIVATE_KEY=private_key(rsa_keys), **variables)
    assert problem in told
    assert "PRIVATE KEY-----" not in told


def test_an_unusable_private_key_is_a_problem_that_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = problems(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client", AUTH0_MANAGEMENT_PRIVATE_KEY=SECRET)
    assert told.startswith("AUTH0_MANAGEMENT_PRIVATE_KEY is no private key in PEM")
    assert SECRET not in told


@pytest.mark.parametrize(
    "variables",
    [{"AUTH0_ROLE_SOURCE": "claim"}, {"AUTH0_ROLE_CLAIM": "https://example.com/roles"}],
    ids=["source", "claim"],
)
def test_roles_from_the_token_need_the_claims_name(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    (told,) = problems(monkeypatch, **variables)
    assert told.startswith("AUTH0_ROLE_CLAIM and AUTH0_ROLE_SOURCE=claim are not set together")


def test_all_problems_come_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(port="x", rate_limit="often")
    names = [problem.split(" ")[0] for problem in caught.value.problems]
    assert names == ["AUTH0_DOMAIN", "AUTH0_AUDIENCE", "PORT", "RATE_LIMIT"]


def test_unusable_settings_exit_with_78_and_show_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH0_MANAGEMENT_CLIENT_ID", "client")
    monkeypatch.setenv("AUTH0_MANAGEMENT_CLIENT_SECRET", SECRET)
    with pytest.raises(SystemExit) as caught:
        Settings.load_or_exit()
    assert caught.value.code == EX_CONFIG == 78
    output = capsys.readouterr()
    assert "AUTH0_DOMAIN is missing" in output.err
    assert "AUTH0_AUDIENCE is missing" in output.err
    assert SECRET not in output.out + output.err


def test_secrets_come_from_files_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "auth0_management_client_secret").write_text(f"{SECRET}\n")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "secrets"))
    settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="client")
    assert settings.auth0_management_client_secret == SecretStr(SECRET)
    assert SECRET not in repr(settings)


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AUTH0_DOMAIN=file.auth0.com\nPORT=4000\nSOMETHING_ELSE=1\n")
    settings = load(monkeypatch)
    assert (settings.auth0_domain, settings.port) == ("tenant.eu.auth0.com", 4000)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"AUTH0_DOMAIN=\xe9\n"], ids=["utf-16", "latin-1"])
def test_a_dotenv_file_that_is_no_text_is_a_problem_not_a_crash(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / ".env").write_bytes(content)
    (problem,) = problems(monkeypatch)
    assert problem.startswith(".env")


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, AUTH0_ISSUER_BASE_URL="", PORT="", AUTH0_CLIENT_ID="")
    assert (settings.port, settings.issuer) == (3000, "https://tenant.eu.auth0.com/")


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1
