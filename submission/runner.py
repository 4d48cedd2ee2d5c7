"""Starts what will be submitted, from its image or from the source tree, with the network cut."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from submission.container import answers, call
from submission.ports import free_port
from submission.refusal import Refusal

RELAY = Path(__file__).with_name("relay.py")
IMAGE_PORT = 8000  # what the image listens on
LOG_LINES = 15  # of a service that ended, shown
STRICT = [
    "--no-healthcheck",  # readiness is ours to ask; and Podman needs systemd for it
    "--read-only",
    "--tmpfs",
    "/tmp",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
]


@dataclass(frozen=True)
class Reply:
    """A service's answer; status 0 if there was none, and then `error` says why."""

    status: int
    body: bytes
    seconds: float
    error: str = ""
    retry_after: str | None = None


@dataclass(frozen=True)
class Facts:
    """Of a running service: peak memory in bytes (0 if unknown), and if it has no way out."""

    alive: bool
    exit_status: int | None
    memory: int
    cut: bool


class Service:
    """A service that runs, spoken to through the relay beside it."""

    def __init__(self, relay: subprocess.Popen[bytes], port: int, log: Path, kind: str) -> None:
        self._relay = relay
        self._port = port
        self._log = log
        self.kind = kind
        self.started = time.monotonic()

    def ask(self, path: str, body: bytes = b"", *, timeout_s: float = 30.0) -> Reply:
        """POST a body, or GET without one.

        Raises:
            Refusal: the relay has ended, and the service with it.
        """
        method = "POST" if body else "GET"
        request = {"method": method, "path": path, "port": self._port, "timeout": timeout_s}
        answer, content = self._exchange(request, body)
        return Reply(
            answer.get("status", 0),
            content,
            answer["seconds"],
            answer.get("error", ""),
            answer.get("retry_after"),
        )

    def facts(self) -> Facts:
        answer, _ = self._exchange({"facts": True}, b"")
        return Facts(answer["alive"], answer["exit"], answer["memory"], answer["cut"])

    def log(self) -> str:
        """The last lines that the service has logged."""
        lines = self._log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])

    def _exchange(self, request: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        stdin, stdout = self._relay.stdin, self._relay.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps({**request, "length": len(body)}).encode() + b"\n" + body)
            stdin.flush()
            line = stdout.readline()
            answer: dict[str, Any] = json.loads(line)
        except (BrokenPipeError, ValueError):
            raise Refusal(f"The service ended. Its last words:\n{self.log()}") from None
        return answer, stdout.read(answer["length"])


@contextmanager
def source_tree(root: Path, command: list[str], env: Mapping[str, str]) -> Iterator[Service]:
    """Start a command of the source tree, in a network namespace of its own where that is allowed.

    Args:
        env: set beside what is needed; our tokens are not passed on.
    """
    namespace = network_namespace()
    port = IMAGE_PORT if namespace else free_port()
    with tempfile.TemporaryDirectory() as home:
        kept = {key: value for key, value in os.environ.items() if "TOKEN" not in key.upper()}
        mine = {"HOST": "127.0.0.1", "PORT": str(port), "HOME": home, "HF_HUB_OFFLINE": "1"}
        mine["GRADIO_TEMP_DIR"] = mine["MPLCONFIGDIR"] = home
        mine["GRADIO_ANALYTICS_ENABLED"] = "False"
        arguments = [*namespace, sys.executable, "-I", str(RELAY), "--", *command]
        log = Path(home) / "service.log"
        with (
            log.open("wb") as stream,
            running(arguments, stream, root, {**kept, **mine, **env}) as relay,
        ):
            yield Service(relay, port, log, "the source tree")


@contextmanager
def image(
    engine: str, name: str, env: Mapping[str, str], machine: Sequence[str]
) -> Iterator[Service]:
    """Start an image as strictly as an evaluation may: no network, read-only, no privileges.

    An image without Python has nothing to run the relay with: it is given a port of this machine
    instead, and with that a network.

    Args:
        machine: the engine's options for what the container gets: CPUs, memory, folders, GPUs.

    Raises:
        Refusal: there is no such image, or it ends at once.
    """
    label = f"editscope-check-{uuid.uuid4().hex[:8]}"
    settings = [word for key, value in env.items() for word in ("--env", f"{key}={value}")]
    common = ["run", "--detach", "--name", label, *STRICT, *machine, *settings]
    try:
        call(engine, [*common, "--network", "none", name], f"Starting {name}")
        port, inside = IMAGE_PORT, [engine, "exec", "-i", label, "python3", "-c", RELAY.read_text()]
        if not answers([engine, "exec", label, "python3", "-c", ""]):
            call(engine, ["rm", "--force", label], f"Removing {label}")
            port, inside = free_port(), [sys.executable, "-I", str(RELAY)]
            published = ["--publish", f"127.0.0.1:{port}:{IMAGE_PORT}"]
            call(engine, [*common, *published, name], f"Starting {name}")
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "service.log"
            with log.open("wb") as stream:
                logs = subprocess.Popen(
                    [engine, "logs", "--follow", label], stdout=stream, stderr=stream
                )
                with running([*inside, "--pid", "1"], stream) as relay:
                    yield Service(relay, port, log, f"the image {name} in {engine}")
                logs.terminate()
                logs.wait()
    finally:
        subprocess.run([engine, "rm", "--force", label], capture_output=True, check=False)


@contextmanager
def running(
    command: list[str],
    log: IO[bytes],
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    relay = subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
    )
    try:
        yield relay
    finally:
        assert relay.stdin is not None
        assert relay.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            relay.stdin.close()  # the relay ends the service, then itself
        relay.stdout.close()
        relay.wait()


def network_namespace() -> list[str]:
    """The command to put before another so that it has no network; empty where we may not."""
    if shutil.which("unshare") is None:
        return []
    for command in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if answers([*command, "true"]):
            return command
    return []
