"""A stand-in of the part of the Hugging Face Hub that makes Spaces, on a free port."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TOKEN = "hf_planted0writer"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Spaces:
    """The hub; what a test changes here shows in the next answer."""

    user: str = "somebody"
    orgs: list[str] = field(default_factory=lambda: ["acme"])
    refuse: tuple[str, int, str] | None = None  # part of a path, status, the hub's words
    created: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    regular: dict[str, bytes] = field(default_factory=dict)  # in git itself
    lfs: dict[str, str] = field(default_factory=dict)  # path to SHA-256
    stored: dict[str, bytes] = field(default_factory=dict)  # SHA-256 to content
    requests: list[str] = field(default_factory=list)
    url: str = ""


def is_binary(sample: bytes) -> bool:
    return b"\0" in sample


class Handler(BaseHTTPRequestHandler):
    hub: Spaces

    def do_GET(self) -> None:
        self.reply()

    def do_POST(self) -> None:
        self.reply()

    def do_PUT(self) -> None:
        self.reply()

    def reply(self) -> None:
        hub, path = self.hub, urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hub.requests.append(f"{self.command} {path}")
        if path.startswith("/storage/"):
            hub.stored[path.removeprefix("/storage/")] = body
            self.send({})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.send({"error": "Invalid username or password."}, 401)
        elif hub.refuse and hub.refuse[0] in path:
            self.send({"error": hub.refuse[2]}, hub.refuse[1])
        else:
            self.answer(path, body)

    def answer(self, path: str, body: bytes) -> None:
        hub = self.hub
        if path == "/api/whoami-v2":
            orgs = [{"name": name} for name in hub.orgs]
            self.send({"name": hub.user, "type": "user", "orgs": orgs})
        elif path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            known = any(f"{c['organization']}/{c['name']}" == name for c in hub.created)
            hub.created.append(asked)
            self.send({"url": f"{hub.url}/spaces/{name}"}, 409 if known else 200)
        elif path.endswith("/secrets"):
            asked = json.loads(body)
            hub.secrets[asked["key"]] = asked["value"]
            self.send({})
        elif path.endswith("/variables"):
            asked = json.loads(body)
            hub.variables[asked["key"]] = asked["value"]
            self.send({asked["key"]: {"value": asked["value"]}})
        elif path == "/api/validate-yaml":  # of the front matter of README.md
            self.send({"errors": [], "warnings": []})
        elif "/preupload/" in path:
            self.send({"files": [self.mode(file) for file in json.loads(body)["files"]]})
        elif path.endswith("/info/lfs/objects/batch"):
            objects = [self.upload_action(entry) for entry in json.loads(body)["objects"]]
            self.send({"transfer": "basic", "objects": objects})
        elif "/commit/" in path:
            self.commit(body)
        else:
            self.send({"error": f"no {path}"}, 404)

    def mode(self, file: dict[str, Any]) -> dict[str, Any]:
        binary = is_binary(base64.b64decode(file["sample"]))
        mode = "lfs" if binary else "regular"
        return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}

    def upload_action(self, entry: dict[str, Any]) -> dict[str, Any]:
        if entry["oid"] in self.hub.stored:
            return {**entry}
        return {**entry, "actions": {"upload": {"href": f"{self.hub.url}/storage/{entry['oid']}"}}}

    def commit(self, body: bytes) -> None:
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                content = base64.b64decode(value["content"])
                if is_binary(content[:512]):  # as the true one's hook
                    self.send({"error": "Your push was rejected: it contains binary files"}, 400)
                    return
                self.hub.regular[value["path"]] = content
            elif entry["key"] == "lfsFile":
                stored = self.hub.stored[value["oid"]]
                assert hashlib.sha256(stored).hexdigest() == value["oid"]
                self.hub.lfs[value["path"]] = value["oid"]
        url = f"{self.hub.url}/spaces/acme/detector/commit/{COMMIT}"
        self.send({"commitUrl": url, "commitOid": COMMIT, "success": True})

    def send(self, document: Any, status: int = 200) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: pytest shows enough."""


@contextmanager
def serve(hub: Spaces) -> Iterator[Spaces]:
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
