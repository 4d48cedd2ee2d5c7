"""How the service and its worker process talk: a line of JSON, and an array in shared memory.

No pickles: whatever state a broken worker is in, it can make us read nothing but JSON.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.deadline import Deadline

RECEIVE_BYTES = 65_536  # at a time; a line is a few hundred bytes
Message = dict[str, Any]


class Channel:
    """One end of a stream socket pair of the family AF_UNIX. One message is under way at a time.

    Args:
        end: closed by `close`.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._line = b""  # what has come of the next message
        self._descriptors: list[int] = []

    def send(self, message: Message, array: NDArray[Any] | None = None) -> None:
        """Send one message, and an array beside it without its bytes going through the socket.

        Raises:
            OSError: the other end is gone, or there is no memory for the array.
        """
        descriptors = []
        if array is not None:
            array = np.ascontiguousarray(array)
            message = {**message, "shape": array.shape, "dtype": array.dtype.str}
            descriptors = [_shared(array)] if array.size else []
        line = json.dumps(message).encode() + b"\n"
        try:
            sent = socket.send_fds(self._socket, [line], descriptors)
            self._socket.sendall(line[sent:])
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def receive(self, timeout_s: float | None) -> tuple[Message, NDArray[Any] | None]:
        """Receive one message and the array sent with it, which may be written to.

        Raises:
            TimeoutError: none has come; it may still come later.
            EOFError: the other end is gone, or what it says is no message.
        """
        due = None if timeout_s is None else Deadline.after(timeout_s)
        while not self._line.endswith(b"\n"):
            self._socket.settimeout(None if due is None else max(0.001, due.remaining()))
            try:
                part, received, _, _ = socket.recv_fds(self._socket, RECEIVE_BYTES, 1)
            except ConnectionError as error:
                raise EOFError from error
            finally:
                self._socket.settimeout(None)
            self._descriptors += received
            if not part:
                raise EOFError
            self._line += part
        line, self._line = self._line, b""
        try:
            message = json.loads(line)
            return message, _mapped(message, self._descriptors)
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # it lost its senses
            raise EOFError from error
        finally:
            self._drop_descriptors()

    def close(self) -> None:
        self._socket.close()
        self._drop_descriptors()

    def _drop_descriptors(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.pop())


def _shared(array: NDArray[Any]) -> int:
    """A descriptor of memory with the array; not of /dev/shm, where containers have little."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("editscope")
    else:  # macOS: an unlinked file, which stays in the page cache if there is room
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(memoryview(array.data).cast("B"))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _mapped(message: Message, descriptors: list[int]) -> NDArray[Any] | None:
    """The array that came with a message; raises one of four errors if there is none like it."""
    if message.get("shape") is None:
        return None
    if not descriptors:
        return np.frombuffer(bytearray(), np.dtype(message["dtype"])).reshape(
            tuple(message["shape"])
        )
    memory = mmap.mmap(descriptors[0], 0, access=mmap.ACCESS_COPY)  # ours: writing copies a page
    flat: NDArray[Any] = np.frombuffer(memory, np.dtype(message["dtype"]))
    return flat.reshape(tuple(message["shape"]))
