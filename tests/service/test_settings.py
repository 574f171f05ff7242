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
