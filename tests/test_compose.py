"""Which services each documented `docker compose` command starts, read from docker-compose.yml."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text()
STARTED = {
    "docker compose up": {"api"},
    "docker compose up proxy": {"replica-1", "replica-2", "proxy", "store"},
    "docker compose up dev": {"dev"},
}
DOCUMENTS = [ROOT / "README.md", *ROOT.glob("docs/*.md"), ROOT / "docker-compose.yml"]
COMMAND = re.compile(r"docker\s+compose\s[^`]+")


def services() -> dict[str, str]:
    """Return each service's text, what it takes from an anchor included."""
    (block,) = re.findall(r"^services:\n((?:[ #].*\n|\n)+)", COMPOSE, re.MULTILINE)
    parts = re.split(r"^  ([a-z0-9-]+):", block, flags=re.MULTILINE)
    return {name: with_anchors(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def with_anchors(text: str) -> str:
    for name in re.findall(r"\*(\w+)", text):
        (anchored,) = re.findall(rf"&{name}\n((?: .*\n)+)", COMPOSE)
        text += with_anchors(anchored)
    return text


def listed(key: str, text: str) -> set[str]:
    return {name for entry in re.findall(rf"^ +{key}: \[(.+)\]", text, re.MULTILINE) for name in entry.split(", ")}


def started(command: str) -> set[str]:
    """Return what Compose starts: the named service or all without a profile, and what they depend on."""
    known = services()
    named = command.split()[3:] or [name for name, text in known.items() if not listed("profiles", text)]
    found: set[str] = set()
    while named:
        name = named.pop()
        found.add(name)
        named += listed("depends_on", known[name]) - found
    return found


@pytest.mark.parametrize("command", STARTED)
def test_a_command_starts_just_what_belongs_together(command: str) -> None:
    assert started(command) == STARTED[command]


def stages() -> dict[str, str]:
    """Return the stages of the Dockerfile in their order, each with the text of the stages it is built from."""
    found: dict[str, str] = {}
    for head, text in re.findall(
        r"^FROM (.+)\n((?:(?!FROM ).*\n?)*)", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    ):
        origin, _, name = head.partition(" AS ")
        origins = [origin, *re.findall(r"--from=(\S+)", text)]
        found[name] = "".join([text, *(found.get(each, "") for each in origins)])
    return found


def test_only_the_image_of_dev_contains_the_development_tenant() -> None:
    assert [name for name, text in stages().items() if "devtenant" in text] == ["build-dev", "dev"]
    assert list(stages())[-1] == "service"  # the default
    targets = {name: re.findall(r"target: (\w+)", text) for name, text in services().items() if "build:" in text}
    assert targets == {"api": [], "replica-1": [], "replica-2": [], "dev": ["dev"]}


def test_each_image_serves_what_its_service_is_for() -> None:
    assert 'CMD ["auth0-sso", "serve"]' in stages()["service"]
    assert 'CMD ["auth0-sso", "dev", "--host", "0.0.0.0"]' in stages()["dev"]


def test_documents_name_no_command_that_starts_an_instance_by_itself() -> None:
    found = {" ".join(command.split()) for path in DOCUMENTS for command in COMMAND.findall(path.read_text())}
    assert found == set(STARTED)


def test_every_replica_counts_in_the_store_and_is_behind_the_proxy() -> None:
    known = services()
    replicas = {name for name in known if name.startswith("replica")}
    assert replicas == set(re.findall(r"REPLICA_\d: (\S+):3000", known["proxy"])) == {"replica-1", "replica-2"}
    for name in replicas:
        assert "RATE_LIMIT_STORAGE_URL: redis://store:6379/0" in known[name]
        (address,) = re.findall(r"TRUSTED_PROXIES: (\S+)", known[name])
        assert f"ipv4_address: {address}" in known["proxy"]
