"""Fuzz each target for a while, minimize its corpus, and add up what was done: `make fuzz FUZZ=600`.

One process at a time. An input that makes a target fail is kept in the working directory, and ends the run with 1.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from time import monotonic

from fuzz import corpus
from fuzz.report import Run, write_report
from fuzz.target_list import NAMES, Target, load

_HERE = Path(__file__).parent
_RUNS = _HERE / "corpus" / "runs.json"
_MAX_LENGTH = 2048
_WORD = re.compile(rb"[A-Za-z0-9_./:-]{2,40}")


def main(directory: str, seconds: str, *names: str) -> int:
    """Fuzz the targets, all by default, for `seconds` in all; return the exit code."""
    targets = [load(name) for name in names or NAMES]
    runs = {name: Run(**run) for name, run in json.loads(_RUNS.read_text()).items()} if _RUNS.exists() else {}
    failed = []
    for target in targets:
        run = _fuzz(target, Path(directory) / target.name, max(1, int(seconds) // len(targets)))
        runs[target.name] = runs.get(target.name, Run()).with_more(run)
        print(f"{target.name}: {run}", flush=True)
        if run.failures:
            failed.append(target.name)
        _RUNS.write_text(json.dumps({name: run.as_json() for name, run in sorted(runs.items())}, indent=1) + "\n")
    write_report(runs)
    if failed:
        print(f"failing inputs of {', '.join(failed)} are in {directory}")
    return 1 if failed else 0


def _fuzz(target: Target, directory: Path, seconds: int) -> Run:
    inputs, failures, minimal = (directory / name for name in ("inputs", "failures", "minimal"))
    shutil.rmtree(minimal, ignore_errors=True)
    for each in (inputs, failures, minimal):
        each.mkdir(parents=True, exist_ok=True)
    for data in (*target.seeds, *corpus.read(target.name)):
        (inputs / sha256(data).hexdigest()).write_bytes(data)
    words = sorted({word for seed in target.seeds for word in _WORD.findall(seed)})
    dictionary = directory / "words.dict"
    dictionary.write_bytes(b"".join(b'"%s"\n' % word for word in words))
    begun = monotonic()
    said = _libfuzzer(
        target,
        [f"-max_total_time={seconds}", f"-dict={dictionary}", f"-artifact_prefix={failures}/", str(inputs)],
    )
    fuzzed = round(monotonic() - begun)  # less than asked for, if an input fails
    merged = _libfuzzer(target, ["-merge=1", str(minimal), str(inputs)])
    kept = _contents(minimal)
    corpus.write(target.name, kept)
    return Run(
        fuzzed,
        _number(said, r"number_of_executed_units: (\d+)"),
        _number(merged, r"(\d+) new features"),
        len(kept),
        len(list(failures.iterdir())),
    )


def _libfuzzer(target: Target, options: list[str]) -> str:
    command = [str(_HERE / "atheris_process.py"), *options]
    limits = [f"-max_len={_MAX_LENGTH}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]
    # To merge, libFuzzer starts the program again, with its options only and by the interpreter that PATH names.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "FUZZ_TARGET": target.name}
    ended = subprocess.run(
        [*command, *limits], env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if ended.returncode:
        print(ended.stdout, *re.findall(r"^SUMMARY.*|^Base64.*", ended.stderr, re.MULTILINE), sep="\n", flush=True)
    return ended.stdout + ended.stderr


def _contents(directory: Path) -> set[bytes]:
    return {path.read_bytes() for path in directory.iterdir()}


def _number(text: str, pattern: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
