"""A visitor of the page who starts a job and leaves before it is done."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading

from soak import inputs
from soak.clients import PATIENCE_S, Address, Tally

API = "/gradio_api"
BOUNDARY = "a-visitor-who-leaves"


def visit(address: Address, tally: Tally, seed: int, stop: threading.Event) -> None:
    """One visitor after the other."""
    rng = random.Random(seed)
    while not stop.wait(rng.random()):
        leave(address, tally, rng)


def leave(address: Address, tally: Tally, rng: random.Random) -> None:
    """Upload a picture, have it examined, and hang up at once, or (one in four) see it through."""
    stays = rng.random() < 0.25
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE_S)
    try:
        path = _upload(connection, inputs.encoded(inputs.pixels(rng), "PNG"))
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        event = json.loads(_post(connection, f"{API}/call/analyse", {"data": [file]}))["event_id"]
        connection.request("GET", f"{API}/call/analyse/{event}")
        if stays:
            said = connection.getresponse().read()
            tally.count("page: answered" if b"event: complete" in said else "page: error")
        else:
            connection.sock.settimeout(rng.random())
            with contextlib.suppress(TimeoutError):
                connection.getresponse().read(1)
            tally.count("page: left")
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        tally.count("page: cut off")
    finally:
        connection.close()


def _upload(connection: http.client.HTTPConnection, data: bytes) -> str:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    body = head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    connection.request("POST", f"{API}/upload", body, {"Content-Type": kind})
    path: str = json.loads(connection.getresponse().read())[0]
    return path


def _post(connection: http.client.HTTPConnection, path: str, content: object) -> bytes:
    kind = {"Content-Type": "application/json"}
    connection.request("POST", path, json.dumps(content).encode(), kind)
    return connection.getresponse().read()
