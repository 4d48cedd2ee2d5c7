"""Runs `challenge-cli.py` in processes of their own that need not import the libraries again.

The Dyff SDK takes a second and a half to import. A fork server has it and the other third-party
libraries loaded; a process forked from it imports our own modules, from the project it runs in.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO

LIBRARIES = [  # not huggingface_hub, which reads the environment when it is imported
    *("click", "fastapi", "httpx", "httpx2", "numpy", "PIL.Image", "pyarrow"),
    *("pydantic", "tqdm", "uvicorn"),
    *("dyff.client", "dyff.client.errors", "dyff.schema.platform", "dyff.schema.requests"),
    *("dyff.schema.dataset.arrow", "dyff.schema.dataset.binary"),
]
FAR_S = 600.0  # only reached if something hangs

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(LIBRARIES)


@dataclass
class Child:
    """A process that runs a script; the leader of a group of its own."""

    process: BaseProcess
    out: IO[str]
    errors: IO[str]

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def kill(self) -> None:
        """Kill it and what it started."""
        os.killpg(self.pid, signal.SIGKILL)
        self.process.join()

    def result(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end."""
        self.process.join(FAR_S)
        if self.process.exitcode is None:
            self.kill()
            raise TimeoutError(f"{self.process.name} did not end")
        with self.out, self.errors:
            self.out.seek(0)
            self.errors.seek(0)
            told, wrong = self.out.read(), self.errors.read()
        return subprocess.CompletedProcess([], self.process.exitcode, told, wrong)


def start(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Child:
    """Start `[python, script, *arguments]`; standard input is empty."""
    out, errors = (tempfile.NamedTemporaryFile("w+") for _ in range(2))  # noqa: SIM115
    arguments = (list(command[1:]), str(cwd), dict(env), out.name, errors.name)
    process = context.Process(target=become, args=arguments, name=" ".join(command[2:4]))
    process.start()
    return Child(process, out, errors)


def become(argv: list[str], cwd: str, env: dict[str, str], out: str, errors: str) -> None:
    """In the child: be as if Python had been started with this script."""
    os.setsid()
    for handle, name in ((1, out), (2, errors)):
        opened = os.open(name, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, handle)
        os.close(opened)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = argv
    sys.path[0:0] = [str(Path(argv[0]).parent)]
    if env.get("PYTHONWARNINGS") == "error":
        warnings.simplefilter("error")
    runpy.run_path(argv[0], run_name="__main__")
