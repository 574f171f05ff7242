#!/bin/bash
# sbom.sh ARCHIVE: write the SBOM of an image that `docker save` wrote to .container/auth0-sso.cdx.json, with syft.
# The Debian and Python packages are in it, and it must have what locks/runtime.txt names. Without syft it says so.
set -euo pipefail
archive=$(realpath "$1")
cd "$(dirname "$0")/../.."
if ! command -v syft >/dev/null; then echo "      no SBOM of the image: syft is not installed"; exit 0; fi
mkdir -p .container
output=.container/auth0-sso.cdx.json
if ! SYFT_CHECK_FOR_APP_UPDATE=false syft scan --output "cyclonedx-json=$output" "docker-archive:$archive"; then
    echo "FAIL  syft wrote no SBOM of the image"; rm -f "$output"; exit 1
fi
python3 - "$output" <<'INNER'
import json, re, sys
from collections import Counter
from pathlib import Path

packages = [each for each in json.loads(Path(sys.argv[1]).read_text())["components"] if "purl" in each]
found = {(each["name"].lower().replace("_", "-"), each["version"]) for each in packages}
kinds = Counter(each["purl"].partition("/")[0].removeprefix("pkg:") for each in packages)
locked = re.findall(r"^([a-z0-9.-]+)==(\S+) \\$", Path("locks/runtime.txt").read_text(), re.MULTILINE)
missing = sorted(set(locked) - found)
print(f"FAIL  the SBOM of the image lacks {missing}" if missing else "ok    the SBOM of the image has all that is locked")
print("     ", *(f"{count} {kind}," for kind, count in kinds.items()), "in", sys.argv[1])
sys.exit(bool(missing))
INNER
