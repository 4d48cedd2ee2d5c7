"""Requests from inside the place where a service runs, which may have no network but itself.

A program of its own on the standard library alone, run beside the service in its container or its
network namespace. It reads requests from standard input and writes the answers to standard output,
each as a line of JSON with the length of the body that follows. It ends, and the service with it,
at the end of its input.

    python relay.py [--pid N] -- COMMAND...     start a service in this namespace, or
    python relay.py --pid 1                     measure one that runs
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from typing import Any

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
OUTSIDE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))  # for documentation
STOP_S = 10.0  # for a service to end when it is asked to


def main(arguments: list[str]) -> None:
    command = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    pid = int(arguments[arguments.index("--pid") + 1]) if "--pid" in arguments else 0
    child = None
    if command:
        bring_up_loopback()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2)
        pid = child.pid
    try:
        while line := sys.stdin.buffer.readline():
            request = json.loads(line)
            body = sys.stdin.buffer.read(request.get("length", 0))
            if request.get("facts"):
                answer, content = facts(pid, child), b""
            else:
                answer, content = ask(request, body)
            answer["length"] = len(content)
            sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + content)
            sys.stdout.buffer.flush()
    finally:
        if child is not None:
            stop(child)


def bring_up_loopback() -> None:
    """A new network namespace has a loopback device that is down."""
    with socket.socket() as probe, contextlib.suppress(OSError):
        name = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(probe, SIOCGIFFLAGS, name))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))


def ask(request: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Send one request; the seconds are from the first byte out to the last byte in."""
    started = time.perf_counter()
    line = http.client.HTTPConnection("127.0.0.1", request["port"], timeout=request["timeout"])
    try:
        headers = {"Content-Type": "application/json"} if body else {}
        line.request(request["method"], request["path"], body or None, headers)
        response = line.getresponse()
        content = response.read()
        answer: dict[str, Any] = {"status": response.status}
        answer["retry_after"] = response.headers.get("Retry-After")
    except TimeoutError:
        answer, content = {"error": "timeout"}, b""
    except (OSError, http.client.HTTPException) as error:
        answer, content = {"error": type(error).__name__}, b""
    finally:
        line.close()
    answer["seconds"] = time.perf_counter() - started
    return answer, content


def facts(pid: int, child: subprocess.Popen[bytes] | None) -> dict[str, Any]:
    """Whether the service lives, its peak memory in bytes (0: unknown), if it has no network."""
    return {
        "alive": child is None or child.poll() is None,
        "exit": None if child is None else child.poll(),
        "memory": sum(peak(number) for number in family(pid)),
        "cut": not any(reachable(*address) for address in OUTSIDE),
    }


def reachable(kind: int, address: str) -> bool:
    """Whether there is a route; connecting a datagram socket sends nothing."""
    try:
        with socket.socket(kind, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
    except OSError:
        return False
    return True


def family(pid: int) -> list[int]:
    """A process and those that it started, as far as this system tells."""
    found = [pid]
    for number in found:
        for task in listed(f"/proc/{number}/task"):
            children = f"/proc/{number}/task/{task}/children"
            with contextlib.suppress(OSError), open(children) as stream:
                found += [int(word) for word in stream.read().split()]
    return found


def listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def peak(pid: int) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as stream:
        for line in stream:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def stop(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
