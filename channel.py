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

RECEIVE_BYTES = 65_536  # at a time; a line is a few hundred bytes
Message = dict[str, Any]


class Channel:
    """One end of a stream socket pair of the family AF_UNIX. One message is under way at a time.

    Args:
        end: closed by `close`.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

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
            EOFError: the other end is gone.
        """
        self._socket.settimeout(timeout_s)
        line, descriptors = b"", list[int]()
        try:
            while not line.endswith(b"\n"):
                try:
                    part, received, _, _ = socket.recv_fds(self._socket, RECEIVE_BYTES, 1)
                except (ConnectionError, BrokenPipeError) as error:
                    raise EOFError from error
                if not part:
                    raise EOFError
                line += part
                descriptors += received
                self._socket.settimeout(None)  # what has begun is finished, or ends with EOF
            message = json.loads(line)
            return message, _mapped(message, descriptors)
        except ValueError as error:  # half a message of a process that has lost its senses
            raise EOFError from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
            self._socket.settimeout(None)

    def close(self) -> None:
        self._socket.close()


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
    if "shape" not in message:
        return None
    if not descriptors:
        return np.empty(message["shape"], np.dtype(message["dtype"]))
    memory = mmap.mmap(descriptors[0], 0, access=mmap.ACCESS_COPY)  # ours: writing copies a page
    flat: NDArray[Any] = np.frombuffer(memory, np.dtype(message["dtype"]))
    return flat.reshape(tuple(message["shape"]))
