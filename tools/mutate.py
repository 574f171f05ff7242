"""Measure with mutmut how many small changes of the code its tests notice, for docs/mutation.md: `make mutate`.

Each package is tested by its own folder of tests, and by those in `_ALSO_TESTED_BY`. Results stay in the working
directory: the next run tests functions that have changed since. Usage: mutate.py MUTMUT DIRECTORY PACKAGE...
"""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parent.parent
_DOCUMENT: Final = _ROOT / "docs" / "mutation.md"
_COPIED: Final = ("devtenant", "docs", "examples", "tools", "README.md", ".env.example")
_NEEDED: Final = ("src", "tests", "pyproject.toml", *_COPIED)
_ALSO_TESTED_BY: Final = {"web/checks": ("web/guards",)}
_CLASS_MARK: Final = "\u01c1"
_SURVIVED, _TIMEOUT, _KILLED, _UNTRIED = "survived", "timeout", "killed", "untried"
# mutmut's exit codes: 1 and 3 are of pytest, 5 and 33 stand for no tests, None for a mutant that was not tried yet.
_OUTCOMES: Final = {
    0: _SURVIVED,
    1: _KILLED,
    3: _KILLED,
    5: _SURVIVED,
    33: _SURVIVED,
    34: _UNTRIED,
    37: _KILLED,
    None: _UNTRIED,
}


def main(mutmut: str, directory: str, *packages: str) -> int:
    """Test each package, and replace its section of the document; return the exit code."""
    for package in packages:
        work = Path(directory) / package.replace("/", "-")
        _copy(work, package)
        ended = subprocess.run([mutmut, "run", "--max-children", "1"], cwd=work, check=False)
        outcomes = dict(_outcomes(work, package))
        if ended.returncode or not outcomes:
            print(f"mutmut failed for {package}: see above")
            return 1
        _DOCUMENT.write_text(with_section(_DOCUMENT.read_text(), package, section(package, outcomes)))
        print(section(package, outcomes))
    return 0


def section(package: str, outcomes: dict[str, str]) -> str:
    """Return the section of a package: its score, and how many mutants of which functions survived."""
    tested = [outcome for outcome in outcomes.values() if outcome != _UNTRIED]
    noticed = sum(outcome != _SURVIVED for outcome in tested)
    survived = Counter(_function(mutant) for mutant, outcome in outcomes.items() if outcome == _SURVIVED)
    rows = [
        f"- {count} of `{name}`" for name, count in sorted(survived.items(), key=lambda item: (-item[1], item[0]))
    ]
    head = f"## {package}: {noticed / len(tested):.1%} of {len(tested)} mutants noticed"
    if untried := len(outcomes) - len(tested):
        head += f", {untried} not tried"
    return "\n".join([head, "", "Not noticed:" if rows else "All are noticed.", "", *rows]).rstrip() + "\n"


def with_section(document: str, package: str, text: str) -> str:
    """Return the document with the section of this package replaced, or added at its end."""
    found = re.compile(rf"^## {re.escape(package)}: .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if found.search(document):
        return found.sub(lambda _: f"{text}\n", document).rstrip() + "\n"
    return f"{document.rstrip()}\n\n{text}"


def _copy(work: Path, package: str) -> None:
    for name in _NEEDED:
        source, target = _ROOT / name, work / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    with (work / "pyproject.toml").open("a") as configuration:
        configuration.write("\n".join(_configuration(package)))


def _configuration(package: str) -> Iterator[str]:
    yield "\n[tool.mutmut]"
    yield 'source_paths = ["src"]'
    yield f'only_mutate = ["src/auth0_sso/{package}/*"]'
    yield f"also_copy = {json.dumps(_COPIED)}"
    yield 'pytest_add_cli_args = ["-p", "no:cacheprovider"]'
    folders = [f"tests/{each}" for each in (package, *_ALSO_TESTED_BY.get(package, ()))]
    yield f"pytest_add_cli_args_test_selection = {json.dumps(folders)}\n"


def _outcomes(work: Path, package: str) -> Iterator[tuple[str, str]]:
    for meta in sorted((work / "mutants" / "src" / "auth0_sso" / package).rglob("*.meta")):
        for mutant, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            yield mutant, _OUTCOMES.get(code, _TIMEOUT)


def _function(mutant: str) -> str:
    """Return the function of a mutant such as `auth0_sso.tokens.jws.x__decode__mutmut_1`, with its class."""
    module, _, name = mutant.removeprefix("auth0_sso.").rpartition(".")
    parts = name.partition("__mutmut_")[0].removeprefix("x_").removeprefix("x").split(_CLASS_MARK)
    return ".".join([module, *filter(None, parts)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
