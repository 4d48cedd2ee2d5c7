"""A stand-in of the Hugging Face Hub's file API on a free port of this machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_planted0token"


@dataclass
class Hub:
    """One model repository; what a test changes here shows in the next answer."""

    files: dict[str, bytes]
    model: str = "acme/detector"
    commit: str = COMMIT
    private: bool = False
    refusal: tuple[int, str] | None = None  # a status and a value of X-Error-Code
    break_after: int | None = None  # bytes of a file's content that arrive before the line is cut
    then_refuse: bool = False  # after that the Hub is out of service
    corrupt: str = ""  # the file that arrives with its first byte changed
    elsewhere: str = ""  # another host that serves the content, as the Hub's CDN does
    url: str = ""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def siblings(self) -> list[dict[str, object]]:
        return [self._sibling(name, data) for name, data in self.files.items()]

    def _sibling(self, name: str, data: bytes) -> dict[str, object]:
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        entry: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": blob}
        if name.endswith(".safetensors"):
            sha256 = hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 130}
        return entry

    def gets(self, name: str) -> list[dict[str, str]]:
        """Headers of the requests for a file."""
        return [headers for _, path, headers in self.requests if path.endswith(f"/{name}")]


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        hub, path = self.hub, urlsplit(self.path).path
        headers = {key.lower(): value for key, value in self.headers.items()}
        hub.requests.append((self.command, path, headers))
        token = headers.get("authorization", "").removeprefix("Bearer ")
        api = f"/api/models/{hub.model}"
        if hub.refusal:
            self.answer(*hub.refusal)
        elif hub.model not in path or (hub.private and not token):
            self.answer(401, "RepoNotFound")
        elif token not in ("", TOKEN):
            self.answer(401, "", "Invalid credentials in Authorization header")
        elif path in (api, f"{api}/revision/main", f"{api}/revision/{hub.commit}"):
            body = {"id": hub.model, "sha": hub.commit, "siblings": hub.siblings()}
            self.send(200, json.dumps(body).encode())
        elif path.startswith(f"/{hub.model}/resolve/{hub.commit}/"):
            name = path.split("/", 5)[5]
            if hub.elsewhere:
                self.send(302, b"", {"Location": f"{hub.elsewhere}{path}"})
            else:
                self.content(name, headers.get("range"))
        else:
            self.answer(404, "RevisionNotFound")

    def content(self, name: str, ranges: str | None) -> None:
        hub, data = self.hub, self.hub.files[name]
        if name == hub.corrupt:
            data = bytes([data[0] ^ 1]) + data[1:]
        start = int(ranges.removeprefix("bytes=").rstrip("-")) if ranges else 0
        extra = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if ranges else {}
        self.send(206 if ranges else 200, data[start:], extra)

    def answer(self, status: int, code: str, message: str = "") -> None:
        self.send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": message})

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if status in (200, 206) and (cut := self.hub.break_after) is not None and len(body) > cut:
            self.wfile.write(body[:cut])
            self.close_connection = True  # fewer bytes than announced
            if self.hub.then_refuse:
                self.hub.refusal = (503, "")
        else:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: pytest shows enough."""


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Serve on a free port and set `hub.url`."""
    handler = type("BoundHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
