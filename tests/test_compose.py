"""Which services `docker compose` starts, how they are hardened, and what an image contains."""

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from auth0_sso.settings.loading import SECRETS_DIRECTORY

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STARTED = {
    "docker compose up": {"api"},
    "docker compose up proxy": {"replica-1", "replica-2", "proxy", "store"},
    "docker compose up dev": {"dev"},
}
DOCUMENTS = [ROOT / "README.md", *ROOT.glob("docs/*.md"), ROOT / "docker-compose.yml"]
COMMAND = re.compile(r"docker\s+compose\s(?!exec )[^`]+")


def services() -> dict[str, Any]:
    """Return each service, what it takes from an anchor included."""
    known: dict[str, Any] = COMPOSE["services"]
    return known


def started(command: str) -> set[str]:
    """Return what Compose starts: the named service or all without a profile, and what they depend on."""
    known = services()
    named = command.split()[3:] or [name for name, each in known.items() if "profiles" not in each]
    found: set[str] = set()
    while named:
        name = named.pop()
        found.add(name)
        named += set(known[name].get("depends_on", ())) - found
    return found


@pytest.mark.parametrize("command", STARTED)
def test_a_command_starts_just_what_belongs_together(command: str) -> None:
    assert started(command) == STARTED[command]


def stages() -> dict[str, str]:
    """Return the stages of the Dockerfile in their order, each with the text of the stages it is built from."""
    found: dict[str, str] = {}
    for head, text in re.findall(r"^FROM (.+)\n((?:(?!FROM ).*\n?)*)", DOCKERFILE, re.MULTILINE):
        origin, _, name = head.partition(" AS ")
        origins = [origin, *re.findall(r"--from=(\S+)", text)]
        found[name] = "".join([text, *(found.get(each, "") for each in origins)])
    return found


def test_the_image_of_the_service_does_not_contain_the_development_tenant() -> None:
    containing = [name for name, text in stages().items() if "devtenant" in text]
    assert containing == ["build-dev", "build-devtenant", "dev", "devtenant"]
    assert list(stages())[-1] == "service"  # the default
    targets = {name: each["build"] for name, each in services().items() if "build" in each}
    assert targets == dict.fromkeys(("api", "replica-1", "replica-2"), ".") | {
        "dev": {"context": ".", "target": "dev"}
    }


def test_the_image_runs_as_a_number_and_needs_no_frontend() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert "syntax=" not in DOCKERFILE
    bases = [line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("FROM ")]
    assert {base for base in bases if base not in stages()} == {"${PYTHON}", "scratch"}


def test_the_version_of_the_image_is_that_of_the_package() -> None:
    assert re.findall(r"^ARG VERSION=(.+)$", DOCKERFILE, re.MULTILINE) == [version("auth0-sso")]


@pytest.mark.parametrize("name", services())
def test_every_service_is_hardened_and_bounded(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] <= 512
    assert service["mem_limit"].endswith("m")
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


def test_the_settings_file_is_optional_so_that_dev_starts_without_it() -> None:
    files = [file for each in services().values() for file in each.get("env_file", ())]
    assert files == [{"path": ".env", "required": False}] * 3


def test_each_image_serves_what_its_service_is_for() -> None:
    assert 'CMD ["auth0-sso", "serve"]' in stages()["service"]
    assert 'CMD ["auth0-sso", "dev", "--host", "0.0.0.0"]' in stages()["dev"]


def test_documents_name_no_command_that_starts_an_instance_by_itself() -> None:
    found = {" ".join(command.split()) for path in DOCUMENTS for command in COMMAND.findall(path.read_text())}
    assert found == set(STARTED)


def test_every_replica_counts_in_the_store_and_is_behind_the_proxy() -> None:
    proxy = services()["proxy"]
    replicas = {name for name in services() if name.startswith("replica")}
    assert {f"{name}:3000" for name in replicas} == {proxy["environment"][f"REPLICA_{number}"] for number in (1, 2)}
    for name in replicas:
        environment = services()[name]["environment"]
        assert environment["RATE_LIMIT_STORAGE_URL"] == "redis://store:6379/0"
        assert environment["TRUSTED_PROXIES"] == proxy["networks"]["scale"]["ipv4_address"]
        assert "ports" not in services()[name]


def test_metrics_have_a_port_that_is_not_published() -> None:
    for name in ("api", "replica-1", "replica-2"):
        assert services()[name]["environment"]["METRICS_PORT"] == 9464
    published = [port for each in services().values() for port in each.get("ports", ())]
    assert not any("9464" in port for port in published)


def test_key_cache_and_spilled_records_are_in_the_directory_that_the_image_has() -> None:
    directory = "/var/lib/auth0-sso"
    assert f"/image-root{directory}" in (ROOT / "deploy" / "docker" / "prepare-root.sh").read_text()
    for name in ("api", "replica-1", "replica-2"):
        assert services()[name]["environment"]["AUTH0_JWKS_CACHE_FILE"] == f"{directory}/jwks.json"
        assert services()[name]["environment"]["AUDIT_SPILL_DIRECTORY"] == f"{directory}/audit"
        assert services()[name]["volumes"][0] == f"keys:{directory}"


def test_secrets_are_mounted_as_a_directory_so_that_they_can_change() -> None:
    for name in ("api", "replica-1", "replica-2"):
        assert services()[name]["volumes"][1:] == [f"./secrets:{SECRETS_DIRECTORY}:ro"]
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
