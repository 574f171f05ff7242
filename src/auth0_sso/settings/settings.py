"""The settings that the library reads. Those of the service are in `auth0_sso.service.settings`.

The names are a contract with every deployment: see docs/settings.md.
"""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, SecretStr, ValidationInfo, field_validator

from auth0_sso.ratelimit.limiter import Strategy
from auth0_sso.ratelimit.memory import MIB
from auth0_sso.settings import issuers, rules
from auth0_sso.settings.addresses import base_url, management_audience, public_url
from auth0_sso.settings.environment import EnvironmentSettings, setting
from auth0_sso.settings.values import (
    MEMORY,
    Algorithms,
    Audiences,
    ClientSecrets,
    Domain,
    File,
    Listed,
    NotEmpty,
    Plain,
    PolicyText,
    PolicyTextOrOff,
    RandomTokens,
    StoreUrl,
    header_name_or_none,
)
from auth0_sso.tokens.client_certificate import CertificateFormat
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS
from auth0_sso.tokens.verifier import CACHE_BYTES, MAX_TOKEN_BYTES

_MAX_TIME = 31_536_000  # a year, in seconds


class Settings(EnvironmentSettings):
    """The settings of guards. Frozen; durations are seconds.

    The variables' names are the fields' in capitals. Made by hand, `Settings(auth0_domain=...)`, it takes what it is
    not given from the environment as well.
    """

    auth0_domain: Domain = setting(
        ...,
        "The tenant's domain, e.g. `your-tenant.eu.auth0.com`.",
        "write the tenant's domain as Auth0 shows it, such as your-tenant.eu.auth0.com",
    )
    auth0_issuer_base_url: str = setting(
        "",
        "The issuer, where it is not `https://{AUTH0_DOMAIN}/` (a custom domain).",
        "write https:// and the domain that issues tokens, such as https://login.example.com/",
    )
    auth0_issuer_trailing_slash: bool = setting(
        True,
        "Whether the issuer's identifier ends with a slash, as Auth0 writes it in `iss`; false for other issuers.",
        "write true or false",
    )
    auth0_algorithms: Annotated[Listed, Algorithms] = setting(
        ("RS256",),
        "Signing algorithms accepted, comma-separated.",
        f"write one or more of {', '.join(SUPPORTED_ALGORITHMS)}",
    )
    auth0_leeway_seconds: float = setting(10, "Clock skew allowed, in seconds.", "write 0 to 300", ge=0, le=300)
    auth0_max_token_age_seconds: float | None = setting(
        None,
        "Maximum age of a token since its `iat`, in seconds.",
        "write how old a token may be, in seconds, such as 3600",
        gt=0,
        le=_MAX_TIME,
    )
    auth0_allowed_clients: Annotated[Listed, NotEmpty] = setting(
        (),
        "Client ids whose tokens are accepted, comma-separated; unset, those of all clients are.",
        "write the client ids whose tokens are accepted, comma-separated, or unset it to accept all",
    )
    auth0_max_token_bytes: int = setting(
        MAX_TOKEN_BYTES, "Maximum length of a token, in bytes.", "write 1024 to 1048576", ge=1024, le=1_048_576
    )
    auth0_dpop: Literal["off", "allowed", "required"] = setting(
        "allowed",
        "Tokens that are bound to a key, sent with a DPoP proof (RFC 9449): refused, accepted, or the only ones.",
        "write off, allowed or required",
    )
    auth0_dpop_nonce: Literal["off", "required"] = setting(
        "off", "Whether a DPoP proof must have a nonce of this service.", "write off or required"
    )
    public_url: str = setting(
        "",
        "The API's public base URL, as clients write it: for DPoP proofs, and for resource metadata, which needs it.",
        "write https:// and the name that clients use, such as https://api.example.com",
    )
    auth0_client_certificate_header: Annotated[str, AfterValidator(header_name_or_none)] = setting(
        "",
        "Header in which a trusted proxy sends the client's certificate, for tokens bound to one (RFC 8705).",
        "write the name of a header that your proxy removes from what clients send, such as Client-Cert",
    )
    auth0_client_certificate_format: CertificateFormat = setting(
        "rfc9440",
        "Format of that header.",
        "write rfc9440 (Client-Cert), xfcc (Envoy) or pem (nginx's $ssl_client_escaped_cert)",
    )
    auth0_token_in_subprotocol: bool = setting(
        False,
        "Accept a WebSocket's token from `Sec-WebSocket-Protocol` too, for browsers.",
        "write true or false",
    )
    auth0_token_cache_size: int = setting(
        4096,
        "Maximum number of tokens in the cache of verified tokens.",
        "write 0 (off) to 1000000",
        ge=0,
        le=1_000_000,
    )
    auth0_token_cache_mib: int = setting(
        CACHE_BYTES // MIB,
        "Maximum memory of that cache in each process, in MiB.",
        "write 1 to 65536",
        ge=1,
        le=65_536,
    )
    auth0_jwks_max_stale_seconds: float = setting(
        86_400,
        "How long known signing keys are used while Auth0 cannot be reached, in seconds.",
        "write 0 to 31536000",
        ge=0,
        le=_MAX_TIME,
    )
    auth0_jwks_cache_file: File = setting(
        None,
        "File in which the last signing keys are kept, for a restart while Auth0 cannot be reached.",
        "write a file's path, in a directory that only this service may write and that exists or can be created",
    )
    auth0_client_id: Plain = setting(
        "",
        "Client id of a public client (single page application), to log in at /docs.",
        "write the client id of a public (single page) application, none of the audiences",
    )
    auth0_management_client_id: Plain = setting(
        "",
        "Client id of the machine-to-machine application for the Management API.",
        "set it together with its secret or private key, or neither",
    )
    auth0_management_private_key_id: Plain = setting(
        "",
        "The `kid` of the private key at Auth0; of two keys, comma-separated.",
        "write the key's id as Auth0 shows it (Applications, Credentials); two keys have two ids, comma-separated",
        max_length=255,
    )
    auth0_management_private_key: SecretStr = setting(
        SecretStr(""),
        "Instead of the secret: an RSA private key in PEM (private_key_jwt), or two, one behind the other.",
        "write an RSA private key in PEM, with AUTH0_MANAGEMENT_CLIENT_ID alone",
    )
    auth0_management_client_secret: ClientSecrets = setting(
        SecretStr(""),
        "Client secret of that application; while it is rotated two, a line for each.",
        "set it with AUTH0_MANAGEMENT_CLIENT_ID; or a private key; or neither",
    )
    auth0_management_audience: str = setting(
        "",
        "The Management API's identifier, when not `{issuer}api/v2/` (custom domains).",
        "write the Management API's identifier, https://<tenant domain>/api/v2/",
    )
    auth0_management_base_url: str = setting(
        "",
        "Where the Management API is, when not at the issuer (custom domains).",
        "write https:// and the tenant's own domain, such as https://your-tenant.eu.auth0.com/",
    )
    # Declared behind the settings it is compared with: a check sees only those before its own.
    auth0_audience: Annotated[Listed, Audiences] = setting(
        ...,
        "Identifier of the API (audience), or several, comma-separated.",
        "write the API's identifier as Auth0 shows it (Applications, APIs)",
    )
    auth0_role_source: Literal["management", "claim"] = setting(
        "management",
        "Where roles come from: the Management API, or a claim of the token.",
        "write management, or claim with AUTH0_ROLE_CLAIM",
    )
    auth0_role_claim: Plain = setting(
        "",
        "Name of the claim that holds the roles, with AUTH0_ROLE_SOURCE=claim.",
        "write the claim's name, such as https://example.com/roles, with AUTH0_ROLE_SOURCE=claim",
    )
    auth0_role_ttl_seconds: float = setting(
        60, "TTL of the role cache, in seconds.", "write 1 to 3600", ge=1, le=3600
    )
    auth0_role_max_stale_seconds: float = setting(
        0,
        "How long stale roles are used while Auth0 cannot be reached, for guards with `stale_ok`, in seconds.",
        "write 0 to 86400",
        ge=0,
        le=86_400,
    )
    auth0_session_id_claim: Plain = setting(
        "",
        "Name of the claim with the session's id, which an Action adds; without, a logout ends all of a user's.",
        "write the claim's name, such as https://example.com/sid",
    )
    auth0_backchannel_logout_clients: Listed = setting(
        (),
        "Client ids whose logout tokens are accepted at /backchannel-logout, comma-separated.",
        "write the client ids of the applications that users log in to, comma-separated",
    )
    auth0_events_token: RandomTokens = setting(
        SecretStr(""),
        "The bearer token that Auth0's Event Streams send to /auth0-events, or two, a line for each.",
        "write 32 or more random characters, letters, digits and -._~+/, such as of openssl rand -hex 32",
    )
    auth0_logs_token: RandomTokens = setting(
        SecretStr(""),
        "The bearer token that Auth0's Log Streams send to /auth0-logs, or two, a line for each.",
        "write 32 or more random characters, letters, digits and -._~+/, such as of openssl rand -hex 32",
    )
    auth0_issuers: SecretStr = setting(
        SecretStr(""),
        "Further issuers: other domains of the tenant, comma-separated; or other tenants, in JSON.",
        "write URLs such as https://login.example.com/, comma-separated, or a JSON array (docs/several-issuers.md)",
    )
    auth0_acr_claim: Annotated[Plain, NotEmpty] = setting(
        "acr",
        "Name of the claim with the authentication context class; for Auth0 a namespaced one that an Action adds.",
        "write the claim's name, such as https://example.com/acr",
    )
    auth0_amr_claim: Annotated[Plain, NotEmpty] = setting(
        "amr",
        "Name of the claim with the authentication methods; for Auth0 a namespaced one that an Action adds.",
        "write the claim's name, such as https://example.com/amr",
    )
    auth0_auth_time_claim: Annotated[Plain, NotEmpty] = setting(
        "auth_time",
        "Name of the claim with the time of the login; for Auth0 a namespaced one that an Action adds.",
        "write the claim's name, such as https://example.com/auth_time",
    )
    rate_limit: PolicyText = setting(
        "10/minute",
        "Default rate limit: requests of each caller to each limited route.",
        "write a count and a period, such as 10/minute, or several: 10/minute;200/hour",
    )
    rate_limit_strategy: Strategy = setting(
        "moving-window", "Strategy of the rate limits.", f"write {', '.join(get_args(Strategy))}"
    )
    rate_limit_exempt_clients: Listed = setting(
        (), "Client ids exempt from rate limits, comma-separated.", "write client ids, comma-separated"
    )
    rate_limit_exempt_permissions: Listed = setting(
        (), "Permissions that exempt from rate limits, comma-separated.", "write permissions, comma-separated"
    )
    auth_failure_rate_limit: PolicyTextOrOff = setting(
        "20/minute",
        "Rate limit of failed authentications for each client address; beyond it they are answered 429.",
        "write a count and a period, such as 20/minute, or off",
    )
    rate_limit_storage_url: StoreUrl = setting(
        SecretStr(MEMORY),
        "Storage of rate limits, and of what replicas share.",
        "write memory://, or an address such as redis://host:6379/0",
    )
    rate_limit_store_timeout_seconds: float = setting(
        0.05, "Timeout of that storage, in seconds.", "write 0.001 to 5", ge=0.001, le=5
    )
    rate_limit_on_store_error: Literal["local", "allow", "deny"] = setting(
        "local", "Rate limits while that storage is down.", "write local, allow or deny"
    )
    rate_limit_memory_mib: int = setting(
        64, "Maximum memory of rate limits in each process, in MiB.", "write 16 to 65536", ge=16, le=65_536
    )

    @property
    def issuer(self) -> str:
        """The issuer's identifier as it is in `iss`: with a slash at the end, unless the settings say otherwise."""
        url = self.auth0_issuer_base_url
        return url if self.auth0_issuer_trailing_slash else url.removesuffix("/")

    @property
    def issuers(self) -> tuple[str, ...]:
        """All issuers of the tenant: `issuer`, then its other domains."""
        domains = issuers.read_issuers(self.auth0_issuers.get_secret_value()).domains
        others = domains if self.auth0_issuer_trailing_slash else [domain.removesuffix("/") for domain in domains]
        return (self.issuer, *others)

    def jwks_cache_file_of(self, issuer: str) -> Path | None:
        """Return the file of an issuer's keys: AUTH0_JWKS_CACHE_FILE, with a hash of other issuers in its name."""
        path = self.auth0_jwks_cache_file
        if path is None or issuer == self.issuer:
            return path
        return issuers.file_of(path, issuer)

    @property
    def other_tenants(self) -> tuple[Self, ...]:
        """The settings of each further tenant whose tokens are accepted."""
        return issuers.other_tenants(self, self.auth0_issuers.get_secret_value(), Settings)

    @property
    def all_issuers(self) -> tuple[str, ...]:
        """All issuers whose tokens are accepted, of all tenants."""
        return (*self.issuers, *(issuer for tenant in self.other_tenants for issuer in tenant.issuers))

    @property
    def has_shared_store(self) -> bool:
        """Whether counts, roles and keys are shared with other processes."""
        return self.rate_limit_storage_url.get_secret_value() != MEMORY

    @property
    def has_management(self) -> bool:
        """Whether the Management API can be called at all."""
        return bool(self.auth0_management_client_id)

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

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        return public_url(value) if value else ""

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

    @field_validator("auth0_issuers")
    @classmethod
    def _usable_issuers(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        return issuers.require_usable_issuers(value, info.data, Settings)

    @field_validator("auth0_role_claim")
    @classmethod
    def _claim_where_roles_come_by_token(cls, value: str, info: ValidationInfo) -> str:
        return rules.require_role_claim(value, info.data)
