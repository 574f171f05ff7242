"""The settings, read from the environment, a `.env` file and a directory of secrets. Nothing else reads those.

Every fault is reported at once, by its variable's name and with what to write instead; no value of a secret is ever
shown. The names are a contract with every deployment: see docs/settings.md.
"""

import logging
import sys
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from auth0_sso.errors import ConfigurationError
from auth0_sso.ratelimit.counter import Strategy
from auth0_sso.ratelimit.memory import MIB
from auth0_sso.settings import loading, rules
from auth0_sso.settings.addresses import base_url, management_audience
from auth0_sso.settings.values import (
    MEMORY,
    Algorithms,
    Audiences,
    Domain,
    File,
    Listed,
    Networks,
    NotEmpty,
    Origins,
    Plain,
    PlainSecret,
    PolicyText,
    PolicyTextOrOff,
    StoreUrl,
    UpperCase,
)
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS
from auth0_sso.tokens.verifier import CACHE_BYTES, MAX_TOKEN_BYTES

_log = logging.getLogger("auth0_sso.settings")

EX_CONFIG = 78
"""Exit code of a start with unusable settings (sysexits.h)."""

_MAX_TIME = 31_536_000  # a year, in seconds


def _setting(default: Any, meaning: str, fix: str, **bounds: Any) -> Any:  # noqa: ANN401 - takes and returns what pydantic's Field does
    """Declare a setting: its default (`...` for none), what it means, and what to write when its value is no good."""
    return Field(default, description=meaning, json_schema_extra={"fix": fix}, **bounds)


class Settings(BaseSettings):
    """Everything that differs from one deployment to the next. Frozen; durations are seconds.

    The variables' names are the fields' in capitals. Made by hand, `Settings(auth0_domain=...)`, it takes what it is
    not given from the environment as well.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        case_sensitive=False,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        validate_default=True,
        env_file_encoding="utf-8",
    )

    auth0_domain: Domain = _setting(
        ...,
        "The tenant's domain, e.g. `your-tenant.eu.auth0.com`.",
        "write the tenant's domain as Auth0 shows it, such as your-tenant.eu.auth0.com",
    )
    auth0_issuer_base_url: str = _setting(
        "",
        "The issuer, where it is not `https://{AUTH0_DOMAIN}/` (a custom domain).",
        "write https:// and the domain that issues tokens, such as https://login.example.com/",
    )
    auth0_algorithms: Annotated[Listed, Algorithms] = _setting(
        ("RS256",), "Signing algorithms accepted.", f"write one or more of {', '.join(SUPPORTED_ALGORITHMS)}"
    )
    auth0_leeway_seconds: float = _setting(10, "Clock difference tolerated.", "write 0 to 300", ge=0, le=300)
    auth0_max_token_age_seconds: float | None = _setting(
        None,
        "Age, from `iat`, at which a token is refused.",
        "write how old a token may be, in seconds, such as 3600",
        gt=0,
        le=_MAX_TIME,
    )
    auth0_allowed_clients: Annotated[Listed, NotEmpty] = _setting(
        (),
        "Client ids whose tokens pass; all, when it is not set.",
        "write the client ids whose tokens may pass, comma-separated, or unset it to let those of all pass",
    )
    auth0_max_token_bytes: int = _setting(
        MAX_TOKEN_BYTES, "Longest token read.", "write 1024 to 1048576", ge=1024, le=1_048_576
    )
    auth0_token_in_subprotocol: bool = _setting(
        False,
        "Take a WebSocket's token from `Sec-WebSocket-Protocol` too, for browsers.",
        "write true or false",
    )
    auth0_token_cache_size: int = _setting(
        4096, "Verified tokens remembered.", "write 0 (off) to 1000000", ge=0, le=1_000_000
    )
    auth0_token_cache_mib: int = _setting(
        CACHE_BYTES // MIB, "Memory for verified tokens in each process.", "write 1 to 65536", ge=1, le=65_536
    )
    auth0_jwks_max_stale_seconds: float = _setting(
        86_400, "How long known keys serve while fetches fail.", "write 0 to 31536000", ge=0, le=_MAX_TIME
    )
    auth0_jwks_cache_file: File = _setting(
        None,
        "Keeps the last good signing keys over a restart during an outage.",
        "write a file's path, in a directory that only this service may write; its last part may be missing yet",
    )
    auth0_client_id: Plain = _setting(
        "",
        "A public client, for logging in at /docs.",
        "write the client id of a public (single page) application, none of the audiences",
    )
    auth0_management_client_id: Plain = _setting(
        "", "The machine client for the Management API.", "set it together with its secret or private key, or neither"
    )
    auth0_management_private_key: SecretStr = _setting(
        SecretStr(""),
        "Instead of the secret: an RSA private key in PEM (private_key_jwt).",
        "write an RSA private key in PEM, with AUTH0_MANAGEMENT_CLIENT_ID alone",
    )
    auth0_management_private_key_id: Plain = _setting(
        "",
        "That key's kid at Auth0.",
        "write the key's id as Auth0 shows it (Applications, Credentials)",
        max_length=255,
    )
    auth0_management_client_secret: PlainSecret = _setting(
        SecretStr(""), "Its secret.", "set it with AUTH0_MANAGEMENT_CLIENT_ID; or a private key; or neither"
    )
    auth0_management_audience: str = _setting(
        "",
        "The Management API's identifier, when not `{issuer}api/v2/` (custom domains).",
        "write the Management API's identifier, https://<tenant domain>/api/v2/",
    )
    auth0_management_base_url: str = _setting(
        "",
        "Where the Management API is, when not at the issuer (custom domains).",
        "write https:// and the tenant's own domain, such as https://your-tenant.eu.auth0.com/",
    )
    # Declared behind the settings it is compared with: a check sees only those before its own.
    auth0_audience: Annotated[Listed, Audiences] = _setting(
        ...,
        "The API identifier, or several comma-separated.",
        "write the API's identifier as Auth0 shows it (Applications, APIs)",
    )
    auth0_role_source: Literal["management", "claim"] = _setting(
        "management",
        "Who says which roles a user has: the Management API, or the token.",
        "write management, or claim with AUTH0_ROLE_CLAIM",
    )
    auth0_role_claim: Plain = _setting(
        "",
        "The claim that holds the roles, when they come by token.",
        "write the claim's name, such as https://example.com/roles, with AUTH0_ROLE_SOURCE=claim",
    )
    auth0_role_ttl_seconds: float = _setting(60, "How long roles are remembered.", "write 1 to 3600", ge=1, le=3600)
    auth0_role_max_stale_seconds: float = _setting(
        0, "How long old roles do during an outage, for guards that allow it.", "write 0 to 86400", ge=0, le=86_400
    )
    host: str = _setting(
        "127.0.0.1",
        "The address to listen on.",
        "write an address to listen on, without a port, such as 127.0.0.1 or 0.0.0.0",
        min_length=1,
    )
    port: int = _setting(3000, "The port to listen on.", "write a port number, such as 3000", ge=0, le=65535)
    cors_allowed_origins: Annotated[Listed, Origins] = _setting(
        (),
        "Browser origins that may call, parted by commas.",
        "write origins such as https://app.example.com, without a path and without *",
    )
    rate_limit: PolicyText = _setting(
        "10/minute",
        "Requests allowed to each caller, on each limited route.",
        "write a count and a period, such as 10/minute, or several: 10/minute;200/hour",
    )
    profile_rate_limit: PolicyTextOrOff = _setting(
        "30/minute",
        "Requests for /profile and /profile/metadata allowed to each user.",
        "write a count and a period, such as 30/minute, or off",
    )
    rate_limit_strategy: Strategy = _setting(
        "moving-window", "How limits are counted.", f"write {', '.join(get_args(Strategy))}"
    )
    rate_limit_exempt_clients: Listed = _setting(
        (), "Client ids that no limit holds for.", "write client ids, parted by commas"
    )
    rate_limit_exempt_permissions: Listed = _setting(
        (), "Permissions whose bearers no limit holds for.", "write permissions, parted by commas"
    )
    auth_failure_rate_limit: PolicyTextOrOff = _setting(
        "20/minute",
        "Failed authentications answered with 401 for each client address.",
        "write a count and a period, such as 20/minute, or off",
    )
    trusted_proxies: Annotated[Listed, Networks] = _setting(
        (),
        "Proxies whose X-Forwarded-For is believed.",
        "write the addresses or networks of your own proxies, such as 10.0.0.0/8",
    )
    rate_limit_storage_url: StoreUrl = _setting(
        SecretStr(MEMORY),
        "Where counts are kept, and what replicas share.",
        "write memory://, or an address such as redis://host:6379/0",
    )
    rate_limit_store_timeout_seconds: float = _setting(
        0.05, "How long the store's silence is borne.", "write 0.001 to 5", ge=0.001, le=5
    )
    rate_limit_on_store_error: Literal["local", "allow", "deny"] = _setting(
        "local", "What holds while the store is down.", "write local, allow or deny"
    )
    rate_limit_memory_mib: int = _setting(
        64, "Memory for counts in each process.", "write 16 to 65536", ge=16, le=65_536
    )
    workers: int = _setting(1, "Processes that serve.", "write 1 to 256", ge=1, le=256)
    max_connections: int = _setting(
        10_000, "Connections open at once in each process.", "write 16 to 1000000", ge=16, le=1_000_000
    )
    shutdown_notice_seconds: float = _setting(
        3, "How long /readyz says 503 before connections are refused.", "write 0 to 15", ge=0, le=15
    )
    metrics_enabled: bool = _setting(False, "Serve GET /metrics for Prometheus.", "write true or false")
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], UpperCase] = _setting(
        "INFO", "Least level logged.", "write DEBUG, INFO, WARNING or ERROR"
    )

    @classmethod
    def load(cls, **values: Any) -> Self:  # noqa: ANN401 - pydantic checks them, field by field
        """Read the settings from the environment, `.env` here, and the directory of secrets.

        What `values` names is taken from there alone. Raises `ConfigurationError` that lists every problem.
        """
        return loading.load(cls, values)

    @classmethod
    def of(cls, **values: Any) -> Self:  # noqa: ANN401 - pydantic checks them, field by field
        """Return settings made of `values` and the defaults; the environment, `.env` and the secrets are not read.

        A value may be text, as in the environment. Raises `ConfigurationError` that lists every problem.
        """
        return loading.made(cls, values)

    @classmethod
    def load_or_exit(cls, **values: Any) -> Self:  # noqa: ANN401 - pydantic checks them, field by field
        """Read the settings as `load` does; on a problem print all of them on stderr and exit with 78."""
        try:
            return cls.load(**values)
        except ConfigurationError as error:
            print("\n  ".join((f"auth0-sso: {error.detail}", *loading.unknown_names(cls))), file=sys.stderr)
            raise SystemExit(EX_CONFIG) from None

    @classmethod
    def log_unknown_names(cls, *, misspelt_only: bool = False) -> None:
        """Log a warning for each AUTH0_ name that is set and is not a setting: it may be a setting misspelt."""
        for sentence in loading.unknown_names(cls, misspelt_only=misspelt_only):
            _log.warning("%s", sentence)

    @property
    def issuer(self) -> str:
        """The issuer's identifier with its trailing slash, as Auth0 writes it in `iss`."""
        return self.auth0_issuer_base_url

    @property
    def has_shared_store(self) -> bool:
        """Whether counts, roles and keys are shared with other processes."""
        return self.rate_limit_storage_url.get_secret_value() != MEMORY

    @property
    def has_management(self) -> bool:
        """Whether the Management API can be called at all."""
        return bool(self.auth0_management_client_id)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, the first wins. An empty variable counts as unset, with one exception.

        Of AUTH0_ALLOWED_CLIENTS empty reads as no client, and unset means all of them: empty is refused.
        """
        sources = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        return loading.without_empty(settings_cls, sources, kept="auth0_allowed_clients")

    @field_validator("auth0_issuer_base_url")
    @classmethod
    def _issuer_or_domain(cls, value: str, info: ValidationInfo) -> str:
        return base_url(value or f"https://{info.data.get('auth0_domain', 'unknown.invalid')}/")

    @field_validator("auth0_management_base_url")
    @classmethod
    def _management_or_issuer(cls, value: str, info: ValidationInfo) -> str:
        return base_url(value) if value else str(info.data.get("auth0_issuer_base_url", ""))

    @field_validator("auth0_management_audience")
    @classmethod
    def _management_audience_or_issuer(cls, value: str, info: ValidationInfo) -> str:
        return management_audience(value) if value else f"{info.data.get('auth0_issuer_base_url', '')}api/v2/"

    @field_validator("auth0_management_private_key")
    @classmethod
    def _usable_private_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        return rules.require_usable_key(value, info.data)

    @field_validator("auth0_management_client_secret")
    @classmethod
    def _whole_credentials(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        return rules.require_whole_credentials(value, info.data)

    @field_validator("auth0_audience")
    @classmethod
    def _own_audiences(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return rules.require_own_audiences(value, info.data)

    @field_validator("auth0_role_claim")
    @classmethod
    def _claim_where_roles_come_by_token(cls, value: str, info: ValidationInfo) -> str:
        return rules.require_role_claim(value, info.data)


def fix_of(field: str) -> str:
    """Return what to write into the setting of that name when its value cannot be used."""
    return loading.fix_of(Settings, field)
