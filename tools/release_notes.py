"""The notes of a release: what changed, of which commit it is, how to verify it and how to build the same files."""

import platform
import re
import zlib
from pathlib import Path

_NOTES = """\
# auth0_sso {version}

Built from commit `{commit}`.
{container_check}

## Verify

`sha256sum --check SHA256SUMS` compares the files with these digests:

```text
{checksums}
```

## Build the same files

```sh
git checkout {commit}
make release
```

Compare dist/SHA256SUMS with the digests above. The time in the archives is that of the commit, and the build tools
are locked by hash. These files were built with Python {python} and zlib {zlib}; another zlib may compress to other
bytes.

## Changes

{changes}
"""


def changes(changelog: str, version: str) -> str:
    """Return the text of a changelog's section for a version, or of "Unreleased" where there is none.

    Raises SystemExit if there is neither.
    """
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    for title in (version, "Unreleased"):
        for section in sections:
            if re.match(rf"\[?{re.escape(title)}\]?(\s|$)", section):
                return section.partition("\n")[2].strip()
    raise SystemExit(f"CHANGELOG.md has a section neither for {version} nor for what is unreleased")


def container_check(stamp: Path, commit: str) -> str:
    """Return whether `make container`, which writes the commit and how it was run to `stamp`, passed for a commit."""
    checked, _, how = (stamp.read_text() if stamp.exists() else "").partition("\n")
    if checked != commit:
        return "Its images were not checked: `make container` has not passed for this commit here."
    return f"Its images were built and run with faults: `make container` passed for this commit, with {how.strip()}."


def notes(version: str, commit: str, checksums: str, changelog: str, stamp: Path) -> str:
    """Return the notes in Markdown, the same for the same commit, files and machine."""
    return _NOTES.format(
        version=version,
        commit=commit,
        container_check=container_check(stamp, commit),
        checksums=checksums.strip(),
        python=platform.python_version(),
        zlib=zlib.ZLIB_RUNTIME_VERSION,
        changes=changes(changelog, version),
    )
