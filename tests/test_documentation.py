"""The documents say what the code does: settings, errors, routes and examples, compared one by one."""

import re
from pathlib import Path

import pytest

from auth0_sso.errors import Auth0SsoError, ConfigurationError
from auth0_sso.service.http_protocol.error_responses import ERROR_RESPONSES
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.settings import Settings, fix_of
from auth0_sso.settings.addresses import EXAMPLE_DOMAIN
from auth0_sso.settings.values import EXAMPLE_AUDIENCE
from auth0_sso.web.problems import problems
from support.error_codes import codes

ROOT = Path(__file__).parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text()


def first_cells(document: str) -> list[tuple[str, ...]]:
    """Return the cells of every table row that begins with a code span."""
    rows = re.findall(r"^\| `(.+?)` \|(.+)\|$", document, re.MULTILINE)
    return [(name, *(cell.strip() for cell in rest.split("|"))) for name, rest in rows]


def test_every_setting_is_documented_once_with_its_default() -> None:
    rows = first_cells(read("docs/settings.md"))
    assert sorted(row[0] for row in rows) == sorted(name.upper() for name in ServiceSettings.model_fields)
    defaults = {row[0]: row[1].strip("`") for row in rows}
    for name, field in ServiceSettings.model_fields.items():
        if isinstance(field.default, int | float) or (isinstance(field.default, str) and field.default):
            assert defaults[name.upper()].lower() == str(field.default).lower(), name
        if field.is_required():
            assert defaults[name.upper()] == "required"


def test_the_documents_say_which_settings_the_library_does_not_read() -> None:
    own = {name.upper() for name in ServiceSettings.model_fields.keys() - Settings.model_fields.keys()}
    _, _, section = read("docs/settings.md").partition("\n## Settings of the service\n")
    assert {row[0] for row in first_cells(section)} == own
    _, _, section = read(".env.example").partition("\n# --- The service only")
    assert set(re.findall(r"^#?([A-Z0-9_]+)=", section, re.MULTILINE)) == own


def test_every_setting_is_in_the_example_file() -> None:
    named = re.findall(r"^#?([A-Z0-9_]+)=", read(".env.example"), re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in ServiceSettings.model_fields)


@pytest.mark.usefixtures("clean_environment")
def test_the_example_file_starts_once_what_it_requires_is_filled_in(tmp_path: Path) -> None:
    example = read(".env.example").replace("\n#AUTH0_LEEWAY", "\nAUTH0_LEEWAY")
    (tmp_path / ".env").write_text(example)
    with pytest.raises(ConfigurationError) as caught:
        ServiceSettings.load()
    assert caught.value.problems == tuple(
        f"{name} still has the example's value: {fix_of(ServiceSettings, name.lower())}."
        for name in ("AUTH0_DOMAIN", "AUTH0_AUDIENCE")
    )
    filled = example.replace(f"={EXAMPLE_DOMAIN}\n", "=acme.eu.auth0.com\n")
    (tmp_path / ".env").write_text(filled.replace(f"={EXAMPLE_AUDIENCE}\n", "=https://api.example.com\n"))
    assert ServiceSettings.load().auth0_domain == "acme.eu.auth0.com"


def test_every_setting_says_how_to_fix_it() -> None:
    assert all(fix_of(ServiceSettings, name) for name in ServiceSettings.model_fields)


def test_every_error_code_is_documented_with_its_status() -> None:
    rows = {row[0]: row[1] for row in first_cells(read("docs/errors.md"))}
    for error, status in problems.STATUSES.items():
        assert str(status) in rows[error.code], error
    for response in ERROR_RESPONSES:
        assert str(response.status) in rows[response.code], response
    assert rows.keys() == codes()
    assert Auth0SsoError.__doc__


def test_the_python_of_the_readme_is_from_the_tested_guide() -> None:
    guide = read("docs/guard-your-app.md").replace("auth0_client: ClientFactory) -> None", "auth0_client)")
    app, test = re.findall(r"```python\n(.+?)```", read("README.md"), re.DOTALL)
    for part in app.replace("  # settings come from the environment", "").strip().split("\n\n\n"):
        assert part in guide
    assert test.splitlines()[0] in guide


def test_every_link_in_the_docs_exists() -> None:
    for document in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), (document, target)


def test_every_link_to_a_section_finds_it() -> None:
    documents = [ROOT / "README.md", ROOT / "devtenant" / "README.md", *ROOT.glob("docs/**/*.md")]
    for document in documents:
        text = re.sub(r"^```.+?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
        for target, anchor in re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", text):
            linked = document.parent / target if target else document
            assert anchor in anchors(linked.read_text()), (document, target, anchor)


def anchors(document: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", document, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_no_tracked_file_names_where_it_was_made() -> None:
    forbidden = re.compile(r"/(?:home|work|root)/|index-url|files\.pythonhosted")
    names = [*ROOT.glob("*"), *ROOT.glob("docs/**/*"), *ROOT.glob("locks/*"), *ROOT.glob("src/**/*.py")]
    for path in names:
        if path.is_file() and path.name not in {"uv.lock", ".git"}:  # the latter in a git worktree
            assert not forbidden.search(path.read_text()), path


def test_compose_sets_nothing_but_settings_and_what_the_proxy_reads() -> None:
    proxy = set(re.findall(r"\$\{(\w+)\}", read("deploy/haproxy.cfg")))
    named = set(re.findall(r"^ +([A-Z][A-Z0-9_]+):", read("docker-compose.yml"), re.MULTILINE))
    assert proxy <= named <= proxy | {name.upper() for name in ServiceSettings.model_fields}


def test_every_make_target_is_in_its_list() -> None:
    makefile = read("Makefile")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    assert targets == set(re.findall(r"^([a-z0-9-]+):.*##", makefile, re.MULTILINE))
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert targets == set(phony.split())
