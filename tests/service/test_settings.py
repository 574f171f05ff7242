import sys

import pytest

from auth0_sso.service.settings import ServiceSettings
from auth0_sso.settings import Settings, fix_of
from support.environment import load, problems

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_the_service_reads_all_that_the_library_reads() -> None:
    assert Settings.model_fields.keys() < ServiceSettings.model_fields.keys()


def test_metrics_without_their_package_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert not load(monkeypatch).metrics_enabled
    told = problems(monkeypatch, METRICS_ENABLED="true")
    fix = fix_of(ServiceSettings, "metrics_enabled")
    assert told == (f"METRICS_ENABLED needs prometheus_client: install auth0-sso[metrics]: {fix}.",)


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"])
def test_traces_without_their_packages_name_the_extra(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for module in [name for name in sys.modules if name.startswith(f"{missing}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, missing, None)
    assert not load(monkeypatch).tracing_enabled
    fix = fix_of(ServiceSettings, "tracing_enabled")
    told = problems(monkeypatch, TRACING_ENABLED="true")
    assert told == (f"TRACING_ENABLED needs OpenTelemetry: install auth0-sso[tracing]: {fix}.",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:s3cret@collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/?key=s3cret"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api key=s3cret"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret%0aX-Other: 1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "=s3cret"),
        ("OTEL_SERVICE_NAME", "two words"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.1"),
        ("OTEL_TRACES_SAMPLER_ARG", "-0.1"),
    ],
)
def test_settings_of_traces_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (told,) = problems(monkeypatch, **{name: value})
    assert told.startswith(f"{name} ")
    assert told.endswith(f": {fix_of(ServiceSettings, name.lower())}.")
    assert "s3cret" not in told


def test_headers_for_the_collector_are_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, OTEL_EXPORTER_OTLP_HEADERS="api-key=s3cret,x-scope=a%20b")
    assert settings.otel_exporter_otlp_headers.get_secret_value() == "api-key=s3cret,x-scope=a%20b"
    assert "s3cret" not in repr(settings)


def test_a_header_with_certificates_needs_the_proxies_that_send_it(monkeypatch: pytest.MonkeyPatch) -> None:
    header = {"AUTH0_CLIENT_CERTIFICATE_HEADER": "X-Client-Cert"}
    (told,) = problems(monkeypatch, **header)
    assert told.startswith("TRUSTED_PROXIES is not set, and AUTH0_CLIENT_CERTIFICATE_HEADER is, which any client")
    assert load(monkeypatch, TRUSTED_PROXIES="10.0.0.0/8", **header).trusted_proxies == ("10.0.0.0/8",)
