"""The loopback rig: a stand-in of the platform, a real registry, the CLI in its own process."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request, Response

from submission import loopback
from submission.stand import CHALLENGE, TASK, TEAM, Stand
from submission.tiny_image import write_image
from tests.submission import forked
from tests.submission.forked import Child

ROOT = Path(__file__).parents[2]
TOKEN = "dyff-planted0token1"
HELD_S = 300.0  # only reached if something hangs


@dataclass
class Gate:
    """What a test does to the next request whose `METHOD path` matches a pattern.

    Attributes:
        hold: the pattern of a request to keep waiting; `held` is set when it is there.
        after: it is carried out first, and only its answer is held back.
        refuse: pattern and answer of requests that are not carried out.
    """

    hold: str | None = None
    after: bool = False
    refuse: tuple[str, int, str] | None = None
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    authorizations: list[str] = field(default_factory=list)

    async def pass_through(self, request: Request, proceed: Any) -> Response:
        what = f"{request.method} {request.url.path}"
        self.authorizations.append(request.headers.get("authorization", ""))
        if self.refuse and re.search(self.refuse[0], what):
            return Response(self.refuse[2], self.refuse[1], media_type="application/json")
        if self.hold is None or not re.search(self.hold, what):
            answer: Response = await proceed(request)
            return answer
        self.hold = None
        answer = await proceed(request) if self.after else Response(status_code=503)
        self.held.set()
        while not self.released.is_set():
            await asyncio.sleep(0.01)
        return answer


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.released.set()


class Front:
    """What the one server of all tests runs: the application of the test that runs now."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def front() -> Iterator[tuple[Front, str]]:
    """The server and its address."""
    front = Front()
    with loopback.serve(Stand(token=TOKEN), front) as served:
        yield front, served.url


@pytest.fixture(scope="session")
def docker_registry(front: tuple[Front, str]) -> Iterator[str]:
    """A real docker-registry that asks the server for permission."""
    with loopback.serve_registry(f"{front[1]}/token") as address:
        yield address


@pytest.fixture
def stand(gate: Gate, front: tuple[Front, str]) -> Iterator[Stand]:
    """The platform on a free port; without a registry, unless the fixture `registry` is there."""
    server, url = front
    stand = Stand(token=TOKEN, account="acme", url=url)
    server.app = loopback.create_stand(stand)
    server.app.middleware("http")(gate.pass_through)
    yield stand
    gate.released.set()


@pytest.fixture
def registry(request: pytest.FixtureRequest, stand: Stand) -> str:
    """A real docker-registry that real skopeo pushes to."""
    if shutil.which("skopeo") is None or loopback.registry_program() is None:
        pytest.skip("skopeo or docker-registry is not installed")
    stand.registry = request.getfixturevalue("docker_registry")
    return stand.registry


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone of the repository as far as the CLI goes, so that its state is not kept in ours."""
    folder = tmp_path / "project"
    folder.mkdir()
    for package in {path.parent for path in ROOT.glob("*/*.py")}:
        (folder / package.name).symlink_to(package)
    for path in ROOT.glob("*.py"):
        shutil.copy(path, folder)
    (folder / "DYFF_TEAM").write_text("your-team-id\n")
    return folder


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("image")
    return write_image(folder, {"app/app.py": b"print('served')\n" * 50})


@dataclass
class Cli:
    """`challenge-cli.py` of a project, on the stand-in; its output is searched for the token."""

    project: Path
    stand: Stand
    env: dict[str, str]

    def command(self, name: str, *arguments: str) -> list[str]:
        place = ["--api", self.stand.api, "--registry", self.stand.registry or "127.0.0.1:9"]
        options = [
            *place,
            "--insecure",
            "--poll",
            "0.05",
            "--timeout",
            "100",
            "--request-timeout",
            "100",
        ]
        script = str(self.project / "challenge-cli.py")
        return [sys.executable, script, name, *options, *arguments]

    def __call__(self, name: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        done = self.started(name, *arguments, **env).result()
        assert TOKEN not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def started(self, name: str, *arguments: str, **env: str) -> Child:
        return forked.start(
            self.command(name, *arguments), self.project.parent, {**self.env, **env}
        )

    def killed_at(self, gate: Gate, name: str, *arguments: str) -> list[bytes]:
        """Run until the gate holds a request, kill it and what it started; return their argv."""
        child = self.started(name, *arguments)
        try:
            assert gate.held.wait(HELD_S)
            seen = [read(f"/proc/{pid}/cmdline") for pid in group(child.pid)]
        finally:
            child.kill()
            gate.released.set()
        return seen

    def upload(self, image: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        asked = ["--account", "acme", "--name", "tiny", "--image", image]
        return self("upload-submission", *asked, *arguments, **env)

    def submit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self("submit", *ENTRY, *arguments)


ENTRY = ["--challenge", CHALLENGE, "--task", TASK, "--team", TEAM]


def group(leader: int) -> list[int]:
    """The processes of a process group."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if alive_in(pid, leader)]


def alive_in(pid: int, leader: int) -> bool:
    try:
        return os.getpgid(pid) == leader
    except ProcessLookupError:
        return False


def read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "DYFF_API_TOKEN": TOKEN,
        "PYTHONWARNINGS": "error",
    }


@pytest.fixture
def cli(project: Path, stand: Stand, env: dict[str, str]) -> Cli:
    return Cli(project, stand, env)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Weights beside the image: two files, one of several chunks."""
    folder = tmp_path / "weights"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.bin").write_bytes(bytes(range(256)) * 3000)
    (folder / "sub" / "b.txt").write_text("b")
    return folder
