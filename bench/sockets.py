"""The field side by side over real sockets: each server on one core, and wrk with 32 connections on another.

All servers run during the whole measurement, and idle while another is measured. Each round measures each of them
once, so that what slows the machine down for a while slows all of them down. Before each round a good token must get
200 and a tampered one 401.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import httpx

import apps
from auth0_sso.testing.issuer import AUDIENCE
from contenders import BARE, CONTENDERS, HERE, Contender
from local_issuer import ROLE_CLAIM, make_issuer, make_tokens, serving, tampered
from support.certificates import make_certificate
from support.process import free_port

CONNECTIONS, TOKENS = 32, 1000
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk: requests per second and per CPU second of the server, and latencies in ms."""

    per_second: float
    per_cpu_second: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Server:
    """A running contender."""

    contender: Contender
    url: str
    pid: int
    log: Path

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its threads so far; what runs beside it on its core is not in it."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


@dataclass(frozen=True, slots=True)
class Row:
    """The runs of one contender, and those of the bare app in the same rounds."""

    contender: Contender
    runs: Sequence[Run]
    bare: Sequence[Run]

    def ratios(self, figure: str) -> list[float]:
        """Return the ratios of a figure of `Run` to that of the bare app in the same round, sorted."""
        return sorted(
            getattr(own, figure) / getattr(bare, figure) for own, bare in zip(self.runs, self.bare, strict=True)
        )

    def ratio(self, figure: str) -> float:
        """Return the median of these ratios."""
        return median(self.ratios(figure))

    def middle_half(self, figure: str) -> tuple[float, float]:
        """Return their first and third quartile; of a single round, its ratio twice."""
        ratios = self.ratios(figure)
        first, _, third = quantiles(ratios * 2 if len(ratios) == 1 else ratios, method="inclusive")
        return first, third


@dataclass(frozen=True, slots=True)
class Field:
    """The result: a row for each contender, and why others were left out."""

    rows: Sequence[Row]
    left_out: Mapping[str, str]
    rounds: int
    seconds: int
    loop: str
    pinned: bool

    def ratio(self, name: str, figure: str = "per_second") -> float | None:
        """Return the median ratio of a contender to the bare app; None for one that was not measured."""
        return next((row.ratio(figure) for row in self.rows if row.contender.name == name), None)


class Cores:
    """Commands pinned to a core of their own: one for servers, one for wrk."""

    def __init__(self) -> None:
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.pinned = len(cores) >= 2 and shutil.which("taskset") is not None
        self._client, self._server = cores[-2:] if self.pinned else (0, 0)

    def client(self, command: Sequence[str]) -> list[str]:
        """Return the command of wrk, pinned."""
        return self._on(self._client, command)

    def server(self, command: Sequence[str]) -> list[str]:
        """Return the command of a server, pinned."""
        return self._on(self._server, command)

    def _on(self, core: int, command: Sequence[str]) -> list[str]:
        return ["taskset", "-c", str(core), *command] if self.pinned else [*command]


@contextmanager
def _serve(contender: Contender, command: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[Server]:
    """Run a contender until the block ends; its log goes to a file, as an access log should."""
    folder = Path(environment["TMPDIR"])
    path = folder / f"{port}.log"
    with (
        path.open("wb") as log,
        subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log) as running,
    ):
        try:
            yield Server(contender, f"http://127.0.0.1:{port}{contender.path}", running.pid, path)
        finally:
            running.kill()


def _environment(folder: Path, issuer_url: str, certificate: Path) -> dict[str, str]:
    """Return the environment of the servers, in which nothing is set but this."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path),
        "TMPDIR": str(folder),
        "SECRETS_DIR": str(folder),
        "SSL_CERT_FILE": str(certificate),
        "NODE_EXTRA_CA_CERTS": str(certificate),
        "NODE_ENV": "production",
        "AUTH0_DOMAIN": issuer_url.removeprefix("https://").removesuffix("/"),
        "AUTH0_AUDIENCE": AUDIENCE,
        "AUTH0_ROLE_SOURCE": "claim",
        "AUTH0_ROLE_CLAIM": ROLE_CLAIM,
        "RATE_LIMIT": apps.LIMIT,
        "METRICS_ENABLED": "true",
        "CORS_ALLOWED_ORIGINS": apps.ORIGIN,
        "ALLOW_DEVELOPMENT_TENANT": "true",  # the issuer is on this machine
    }


def _status(url: str, token: str) -> int:
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code


def _wait_for(server: Server, token: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            if _status(server.url, token) == 200:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > end:
            raise RuntimeError(f"{server.contender.name} does not answer 200:\n{server.log.read_text()[-2000:]}")
        time.sleep(0.1)


def _require_verification(server: Server, token: str) -> None:
    """Raise `RuntimeError` for a server that refuses a good token or accepts a tampered one."""
    expected = (200, 401 if server.contender.guarded else 200)
    statuses = (_status(server.url, token), _status(server.url, tampered(token)))
    if statuses != expected:
        raise RuntimeError(f"{server.contender.name} answered {statuses}, expected {expected}")


def _wrk(server: Server, tokens: Path, seconds: int, cores: Cores) -> Run:
    command = [
        "wrk",
        "-t",
        "1",
        "-c",
        str(CONNECTIONS),
        "-d",
        f"{seconds}s",
        "-s",
        str(HERE / "field.lua"),
        server.url,
    ]
    before = server.cpu_seconds()
    printed = subprocess.run(
        cores.client([*command, "--", str(tokens)]), capture_output=True, text=True, check=True, timeout=seconds + 60
    ).stdout
    cpu = server.cpu_seconds() - before
    figures = {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.]+)$", printed, re.MULTILINE)}
    if figures["failed"] or not figures["requests"]:
        raise RuntimeError(f"{server.contender.name}: {printed}")
    requests = figures["requests"]
    return Run(requests / figures["seconds"], requests / cpu, figures["p50"], figures["p99"])


def _rounds(servers: Sequence[Server], tokens: Path, rounds: int, seconds: int, cores: Cores) -> list[list[Run]]:
    """Return the runs of each server."""
    token = tokens.read_text().split("\n", 1)[0]
    runs: list[list[Run]] = [[] for _ in servers]
    for server in servers:
        _wait_for(server, token)
        _wrk(server, tokens, 1, cores)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for server in servers:
            _require_verification(server, token)
        for server, own in zip(servers, runs, strict=True):
            own.append(_wrk(server, tokens, seconds, cores))
    return runs


def measure(*, rounds: int, seconds: int, loop: str) -> Field | None:
    """Measure the contenders that can run here; without wrk return None."""
    if shutil.which("wrk") is None:
        return None
    cores, present = Cores(), [each for each in CONTENDERS if each.missing is None]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        issuer, certificate, port = make_issuer(), make_certificate(folder), free_port()
        url = stack.enter_context(serving(issuer, port, certificate))
        tokens = folder / "tokens"
        tokens.write_text("\n".join(make_tokens(issuer, url, TOKENS)))
        environment = _environment(folder, url, certificate.certificate)
        servers = []
        for contender in present:
            port = free_port()
            command = cores.server(contender.command(port, loop))
            servers.append(stack.enter_context(_serve(contender, command, port, environment)))
        runs = _rounds(servers, tokens, rounds, seconds, cores)
    bare = runs[present.index(BARE)]
    rows = [Row(contender, own, bare) for contender, own in zip(present, runs, strict=True)]
    left_out = {each.name: each.missing for each in CONTENDERS if each.missing is not None}
    return Field(rows, left_out, rounds, seconds, loop, cores.pinned)
