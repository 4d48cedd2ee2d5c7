"""The process that a detector runs in with `ISOLATE=1`; `isolation.process` is its other end.

Started by that alone. It may do what it likes: raise, hang, leak or crash.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import threads
from detector.contract import ImageRequest
from detector.deadline import Deadline, DeadlineExceeded
from detector.registry import ModelNotFound, UnknownModel, create_service
from detector.service import Detector
from isolation.channel import Channel, Message

Reply = tuple[Message, NDArray[Any] | None]


class Session:
    """What the worker does at its service's word: one method for each kind of message."""

    def __init__(self) -> None:
        self.service: Any = None

    def create(self, message: Message, _: object) -> Reply:
        threads.configure(message["num_threads"])
        self.service = create_service(
            *(message["model_name"], Path(message["models_dir"])),
            *(message["device"], message["backend"]),
        )
        path = str(getattr(self.service, "model_path", ""))
        return {"detector": isinstance(self.service, Detector), "model_path": path}, None

    def load(self, message: Message, _: object) -> Reply:
        self.service.load_model()
        threads.configure(message["num_threads"])  # again: loading may have imported torch
        reply: Message = {
            name: str(getattr(self.service, name))
            for name in ("version", "device")
            if hasattr(self.service, name)
        }
        with contextlib.suppress(TypeError, ValueError):  # rubbish is no prior
            prior = np.asarray(getattr(self.service, "prior_logprobs", ()), np.float64)
            if prior.size:
                reply["prior_logprobs"] = prior.tolist()
        return reply, None

    def detect(self, message: Message, image: NDArray[np.uint8]) -> Reply:
        seconds = message["seconds"]
        deadline = Deadline.never() if seconds is None else Deadline.after(seconds)
        detection = self.service.detect(image, deadline)
        reply = {
            "logprobs": np.asarray(detection.logprobs, np.float64).tolist(),
            "threshold": float(detection.threshold),
        }
        if detection.manipulation is None:
            return reply, None
        return reply, np.asarray(detection.manipulation, np.float32)

    def predict(self, _: Message, request: NDArray[np.uint8]) -> Reply:
        answer = self.service.predict(ImageRequest.model_validate_json(request.tobytes()))
        return {}, np.frombuffer(answer.model_dump_json().encode(), np.uint8)

    def answer(self, message: Message, array: NDArray[Any] | None) -> Reply:
        """The reply to one message, or what went wrong in words."""
        try:
            reply: Reply = getattr(self, message["do"])(message, array)
        except DeadlineExceeded as reason:
            return {"error": "deadline", "message": str(reason)}, None
        except (ModelNotFound, UnknownModel) as error:
            return {"error": type(error).__name__, "message": str(error)}, None
        except Exception:
            return {"error": "failure", "message": traceback.format_exc()}, None
        return reply


def main(descriptor: int, life: int) -> None:
    """Answer messages until the other end of the socket is closed.

    Args:
        descriptor: of our end of the socket pair.
        life: of the reading end of a pipe that nobody writes to; it closes with the service.
    """
    faulthandler.enable()  # a crash leaves its stack on stderr, which the service logs
    _end_with(life)
    channel, session = Channel(socket.socket(fileno=descriptor)), Session()
    while True:
        try:
            message, array = channel.receive(None)
        except EOFError:
            return
        reply, result = session.answer(message, array)
        del array  # a picture's memory is free before the next one comes
        try:
            channel.send(reply, result)
        except BrokenPipeError:
            return


def _end_with(life: int) -> None:
    """Have the kernel end us when the service is gone, however it went and even if we hang in C.

    On Linux; elsewhere a worker that hangs outlives a service that was killed.
    """
    if sys.platform == "linux":
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC)  # SIGIO when it closes, which ends a process
