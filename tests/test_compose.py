"""Which services each documented `docker compose` command starts, read from the files that it names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STARTED = {
    "docker compose up": {"api"},
    "docker compose -f deploy/compose.scale.yml up": {"replica-1", "replica-2", "proxy", "store"},
    "docker compose -f deploy/compose.dev.yml up": {"dev"},
}
DOCUMENTS = [ROOT / "README.md", *ROOT.glob("docs/*.md"), ROOT / "docker-compose.yml", *ROOT.glob("deploy/*.yml")]
COMMAND = re.compile(r"docker\s+compose\b(?:\s+-f\s+\S+|\s+--?[\w-]+|\s+(?!with)[\w-]+)*")


def file_of(command: str) -> str:
    named = re.search(r"-f (\S+)", command)
    return (ROOT / (named[1] if named else "docker-compose.yml")).read_text()


def services_of(compose: str) -> dict[str, str]:
    """Return each service's text."""
    (block,) = re.findall(r"^services:\n((?:[ #].*\n|\n)+)", compose, re.MULTILINE)
    parts = re.split(r"^  ([a-z0-9-]+):", block, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("command", STARTED)
def test_a_command_starts_just_what_belongs_together(command: str) -> None:
    compose = file_of(command)
    assert set(services_of(compose)) == STARTED[command]
    # With these another command, or another file, would decide what starts.
    assert not re.search(r"^\s*(?:profiles|include|extends):", compose, re.MULTILINE)
    for named in re.findall(r"depends_on: \[(.+)\]", compose):
        assert set(named.split(", ")) <= STARTED[command]


def test_documents_name_no_other_command() -> None:
    named = {" ".join(found.split()) for path in DOCUMENTS for found in COMMAND.findall(path.read_text())}
    assert named == set(STARTED)


def test_what_a_file_reads_is_there() -> None:
    for path in (ROOT / "docker-compose.yml", *ROOT.glob("deploy/compose.*.yml")):
        compose = path.read_text()
        named = re.findall(r"^ +build: (.+)$", compose, re.MULTILINE) + re.findall(
            r"^ +- (\.\S*?):", compose, re.MULTILINE
        )
        assert named
        assert all((path.parent / name).exists() for name in named)
        for settings in re.findall(r"env_file: (.+)", compose):
            assert (path.parent / settings).resolve() == ROOT / ".env"


def test_every_replica_counts_in_the_store_and_is_behind_the_proxy() -> None:
    compose = file_of("docker compose -f deploy/compose.scale.yml up")
    services = services_of(compose)
    replicas = {name for name, text in services.items() if "*replica" in text}
    assert replicas == set(re.findall(r"REPLICA_\d: (\S+):3000", services["proxy"])) == {"replica-1", "replica-2"}
    (shared,) = re.findall(r"^x-replica: &replica((?:\n .*)+)", compose, re.MULTILINE)
    assert "RATE_LIMIT_STORAGE_URL: redis://store:6379/0" in shared
    (address,) = re.findall(r"TRUSTED_PROXIES: (\S+)", shared)
    assert f"ipv4_address: {address}" in services["proxy"]
