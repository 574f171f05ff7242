"""The settings of the service: those of the library, and what only the service reads."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from fastapi import FastAPI
from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo, field_validator

from auth0_sso.errors import ConfigurationError
from auth0_sso.service.audit_settings import AuditDatabase, Directory, audit_database, require_spill_directory
from auth0_sso.settings import Settings
from auth0_sso.settings.addresses import browser_origin, collector_url, proxy_network
from auth0_sso.settings.environment import setting
from auth0_sso.settings.loading import unknown_names
from auth0_sso.settings.values import HeaderPairs, Listed, Plain, PolicyTextOrOff, header_name
from auth0_sso.web.middleware.logged_caller import CallerInLog

EX_CONFIG: Final = 78
"""Exit code of a start with unusable settings (sysexits.h)."""


def _each(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda entries: tuple(check(entry) for entry in entries))


def _upper_case(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class ServiceSettings(Settings):
    """Everything that differs from one deployment of the service to the next. Frozen; durations are seconds."""

    host: str = setting(
        "127.0.0.1",
        "The address to listen on.",
        "write an address to listen on, without a port, such as 127.0.0.1 or 0.0.0.0",
        min_length=1,
    )
    port: int = setting(3000, "The port to listen on.", "write a port number, such as 3000", ge=0, le=65535)
    cors_allowed_origins: Annotated[Listed, _each(browser_origin)] = setting(
        (),
        "Browser origins that may call (CORS), comma-separated.",
        "write origins such as https://app.example.com, without a path and without *",
    )
    cors_allowed_headers: Annotated[Listed, _each(header_name)] = setting(
        (),
        "More request headers that browsers may send (CORS), comma-separated.",
        "write names of headers such as X-Tenant, without *",
    )
    profile_rate_limit: PolicyTextOrOff = setting(
        "30/minute",
        "Rate limit of /profile and /profile/metadata together, for each user.",
        "write a count and a period, such as 30/minute, or off",
    )
    admin_mfa_required: bool = setting(
        False, "Whether /admin requires a login with multi-factor authentication.", "write true or false"
    )
    admin_max_login_age_seconds: int | None = setting(
        None,
        "The maximum age of a login at /admin, in seconds.",
        "write a number of seconds, such as 900",
        ge=1,
        le=2_592_000,
    )
    trusted_proxies: Annotated[Listed, _each(proxy_network)] = setting(
        (),
        "Proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted, comma-separated.",
        "write the addresses or networks of your own proxies, such as 10.0.0.0/8",
    )
    workers: int = setting(1, "Number of worker processes.", "write 1 to 256", ge=1, le=256)
    max_connections: int = setting(
        10_000, "Maximum number of open connections in each process.", "write 16 to 1000000", ge=16, le=1_000_000
    )
    max_concurrent_requests: int = setting(
        2_000,
        "Maximum number of requests in flight in each process; more get 503.",
        "write 16 to 1000000",
        ge=16,
        le=1_000_000,
    )
    max_queue_delay_seconds: float = setting(
        0.5,
        "How long a request may wait to be started, in seconds; one that would wait longer gets 503.",
        "write 0.01 to 60",
        ge=0.01,
        le=60,
    )
    shutdown_notice_seconds: float = setting(
        3,
        "Graceful shutdown: how long /readyz answers 503 before connections are refused, in seconds.",
        "write 0 to 15",
        ge=0,
        le=15,
    )
    allow_development_tenant: bool = setting(
        False,
        "Serve with a development tenant, whose passwords and secrets are public; `auth0-sso dev` needs no setting.",
        "write true or false",
    )
    audit_log: bool = setting(True, "Log the audit trail, to the logger auth0_sso.audit.", "write true or false")
    audit_database_url: AuditDatabase = audit_database(SecretStr(""))
    audit_spill_directory: Directory = setting(
        None,
        "The directory of audit records that the database does not have yet.",
        "write the path of a directory that only this service may write and that exists or can be created",
    )
    audit_retention_days: int | None = setting(
        None,
        "After how many days audit records are deleted; without, they are kept.",
        "write a number of days, such as 365",
        ge=1,
        le=36_500,
    )
    metrics_enabled: bool = setting(False, "Serve GET /metrics for Prometheus.", "write true or false")
    metrics_port: int | None = setting(
        None,
        "A port of its own for GET /metrics, instead of the API's.",
        "write a port number other than PORT, such as 9464",
        ge=1,
        le=65535,
    )
    metrics_host: str | None = setting(
        None,
        "The address for METRICS_PORT to listen on; by default that of HOST.",
        "write an address to listen on, without a port, such as 127.0.0.1 or 0.0.0.0",
        min_length=1,
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper_case)] = setting(
        "INFO", "Minimum level of the log.", "write DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Annotated[Literal["json", "console", "auto"], BeforeValidator(_lower_case)] = setting(
        "auto",
        "Format of the log: JSON, one object a line, or console, for people; auto is JSON unless on a terminal.",
        "write json, console or auto",
    )
    log_caller: Annotated[CallerInLog, BeforeValidator(_lower_case)] = setting(
        "hashed",
        "How access log lines name the caller, the token's subject and client id: full, hashed or off.",
        "write full, hashed or off",
    )
    tracing_enabled: bool = setting(False, "Send traces to an OpenTelemetry collector.", "write true or false")
    otel_exporter_otlp_endpoint: Annotated[str, AfterValidator(collector_url)] = setting(
        "http://localhost:4318",
        "Base URL of the collector that traces are sent to (OTLP over HTTP).",
        "write a URL such as http://collector:4318, without user, password and query",
    )
    otel_exporter_otlp_headers: HeaderPairs = setting(
        SecretStr(""),
        "Headers to send to the collector, comma-separated, percent-encoded.",
        "write name=value pairs, such as api-key=secret",
    )
    otel_service_name: Plain = setting(
        "auth0-sso", "Name of this service in traces.", "write a name without spaces", min_length=1, max_length=200
    )
    otel_traces_sampler_arg: float = setting(
        1.0, "Part of the traces that is recorded, of those that begin here.", "write 0 to 1", ge=0, le=1
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_where_certificates_come_from(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("auth0_client_certificate_header") and not value:
            raise ValueError("is not set, and AUTH0_CLIENT_CERTIFICATE_HEADER is, which any client could send")
        return value

    @classmethod
    def load_or_exit(cls, **values: Any) -> Self:  # noqa: ANN401 - pydantic checks them, field by field
        """Read the settings as `load` does; on a problem print all of them on stderr and exit with 78."""
        try:
            return cls.load(**values)
        except ConfigurationError as error:
            print("\n  ".join((f"auth0-sso: {error.detail}", *unknown_names(cls))), file=sys.stderr)
            raise SystemExit(EX_CONFIG) from None

    @field_validator("audit_spill_directory")
    @classmethod
    def _needed_by_postgresql(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return require_spill_directory(value, info.data.get("audit_database_url"))

    @field_validator("metrics_enabled")
    @classmethod
    def _installed(cls, value: bool) -> bool:
        if value and find_spec("prometheus_client") is None:
            raise ValueError("needs prometheus_client: install auth0-sso[metrics]")
        return value

    @field_validator("tracing_enabled")
    @classmethod
    def _can_trace(cls, value: bool) -> bool:
        if value and not all(map(_is_installed, ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"))):
            raise ValueError("needs OpenTelemetry: install auth0-sso[tracing]")
        if value and "telemetry" not in signature(FastAPI.__init__).parameters:
            raise ValueError("needs FastAPI 0.142 or newer, which traces requests")
        return value


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that would contain it
        return False
