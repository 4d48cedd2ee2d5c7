from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks import load


class Fickle(BaseHTTPRequestHandler):
    """200 for a body of `good`, 503 for any other."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if body == b"good" else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_answers_and_failures_are_counted_apart() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Fickle) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = ("127.0.0.1", server.server_address[1])
        run = load.run(address, [b"good", b"bad"], requests=10, clients=3)
        server.shutdown()
    assert len(run.latencies) == 5
    assert run.failures == 5
    assert 0 < run.quantile(0.5) <= run.quantile(0.99)
    assert run.throughput > 0


def test_nobody_there_is_a_failure_not_an_exception() -> None:
    run = load.run(("127.0.0.1", 9), [b""], requests=2, clients=1)
    assert run.failures == 2
    assert run.throughput == 0
