"""`import auth0_sso` gives every public name, and loads what is used, not what an extra needs."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import auth0_sso

OPTIONAL = ("fastapi_swagger", "httptools", "prometheus_client", "redis", "uvicorn")
SOURCE = Path(auth0_sso.__file__).read_text()


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a new process has loaded after a statement."""
    program = f"{statement}\nimport sys\nprint(*sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(run.stdout.split())


def typed_imports() -> dict[str, str]:
    """Return the module from which type checkers take each public name."""
    (block,) = [
        node for node in ast.parse(SOURCE).body if isinstance(node, ast.If) and isinstance(node.test, ast.Name)
    ]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def test_type_checkers_see_exactly_the_public_names() -> None:
    assert sorted(typed_imports()) == sorted(auth0_sso.__all__)


@pytest.mark.parametrize("name", auth0_sso.__all__)
def test_a_public_name_is_what_type_checkers_take_it_for(name: str) -> None:
    assert getattr(auth0_sso, name) is getattr(import_module(typed_imports()[name]), name)


def test_dir_lists_names_that_were_not_used_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in auth0_sso.__all__:
        monkeypatch.delitem(vars(auth0_sso), name, raising=False)
    assert set(auth0_sso.__all__) <= set(dir(auth0_sso))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'auth0_sso' has no attribute 'protec'"):
        auth0_sso.protec  # type: ignore[attr-defined]  # noqa: B018 - what is tested


def test_the_package_alone_loads_no_other_module_of_it() -> None:
    assert {name for name in loaded_by("import auth0_sso") if name.startswith("auth0_sso")} == {"auth0_sso"}


def test_guards_load_neither_the_service_nor_a_package_of_an_extra() -> None:
    loaded = loaded_by("from auth0_sso import CurrentToken, protect, rate_limit, require_role")
    assert "auth0_sso.web.protect" in loaded
    assert [name for name in loaded if name.startswith(("auth0_sso.service", "auth0_sso.testing"))] == []
    assert loaded.isdisjoint(OPTIONAL)
