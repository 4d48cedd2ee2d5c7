"""One worker process, from its start to its end, and the conversation with it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from detector.deadline import Deadline, DeadlineExceeded
from detector.registry import ModelNotFound, UnknownModel
from isolation.channel import Channel, Message

logger = logging.getLogger(__name__)

MEMORY_CHECK_S = 0.2  # how often a working worker's memory is looked at; a look takes 50 us
CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[3]); "
    "from isolation import child; child.main(int(sys.argv[1]), int(sys.argv[2]))"
)
ERRORS = {error.__name__: error for error in (ModelNotFound, UnknownModel)}


class WorkerFailed(RuntimeError):
    """The detector raised in its worker; the message is its traceback."""


class Process:
    """Python in a process of its own, running `isolation.child`; started when it is made."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        life, self._life = os.pipe()
        with theirs, open(life, "rb"):
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-c", CODE, str(theirs.fileno()), str(life)),
                    json.dumps(sys.path),
                ],
                pass_fds=(theirs.fileno(), life),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the service, which answers before it goes
            )
        self._channel = Channel(ours)
        self._lock = threading.Lock()
        self._ended = False
        threading.Thread(target=_log_lines, args=(self._process,), daemon=True).start()

    def converse(
        self,
        message: Message,
        array: NDArray[Any] | None,
        seconds: float,
        memory_bytes: int | None = None,
    ) -> tuple[Message, NDArray[Any] | None]:
        """Send a message and wait for the reply.

        Args:
            message: `do` is the name of a method of `isolation.child.Session`.
            array: sent beside it.
            seconds: how long to wait.
            memory_bytes: the most memory that the process may hold meanwhile.

        Raises:
            EOFError, ConnectionError: the process has ended, or talks rubbish.
            TimeoutError: there was no reply in time.
            MemoryError: it held more than it may.
            DeadlineExceeded, ModelNotFound, UnknownModel, WorkerFailed: as the reply says.
        """
        due = Deadline.after(seconds)
        self._channel.send(message, array)
        while True:
            try:
                patience = max(0.001, min(MEMORY_CHECK_S, due.remaining()))
                said, result = self._channel.receive(patience)
                break
            except TimeoutError:
                if memory_bytes is not None and self.held() > memory_bytes:
                    raise MemoryError from None
                if due.remaining() <= 0:
                    raise
        if (error := said.get("error")) == "deadline":
            raise DeadlineExceeded(said["message"])
        if error is not None:
            raise ERRORS.get(error, WorkerFailed)(said["message"])
        return said, result

    def held(self) -> int:
        """Bytes of memory that are its own, not shared; 0 where the system does not tell."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        return 0

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self, patience_s: float = 0.0) -> str:
        """Kill it; return how it had ended by itself, if it does within some seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        code = self._process.poll()
        self._process.kill()
        self._process.wait()
        with self._lock:
            if not self._ended:
                self._ended = True
                self._channel.close()
                os.close(self._life)
        if code is None:
            return "killed by us"
        return f"status {code}" if code >= 0 else signal.Signals(-code).name


def _log_lines(process: subprocess.Popen[bytes]) -> None:
    """Put what the worker says on stderr into our log, so that it has one form."""
    assert process.stderr is not None
    with process.stderr as lines:
        for line in lines:
            logger.warning("worker %d: %s", process.pid, line.decode(errors="replace").rstrip())
