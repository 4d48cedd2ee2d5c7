"""Stands for a project's `app.py`: a service on the standard library, bad where `MODE` says so."""

import base64
import itertools
import json
import os
import struct
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

MODE = os.environ.get("MODE", "")
COUNT = itertools.count()  # answers given: no two in a row are the same with MODE=moody
LARGE = 700_000  # bytes of a body that MODE=picky does not take


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        data = base64.b64decode(json.loads(body)["image"]["data"])
        status = 422 if MODE == "picky" and len(body) > LARGE else 200
        answer = {"logprobs": logprobs(data)}
        if MODE == "dies":
            os._exit(3)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def logprobs(data: bytes) -> list[float]:
    if MODE == "unnormalised" and data[:4] == b"\x89PNG":
        return [0.0, 0.0, 0.0, struct.unpack(">I", data[16:20])[0] * -1.0]
    if MODE == "moody":
        return [[-0.0004, -9.0, -9.0, -9.0], [-9.0, -0.0004, -9.0, -9.0]][next(COUNT) % 2]
    return [-1.3862943611198906] * 4


if __name__ == "__main__":
    if MODE == "broken":
        sys.exit("ModuleNotFoundError: no module named torch")
    print("token in our environment:", os.environ.get("DYFF_API_TOKEN"), file=sys.stderr)
    HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
