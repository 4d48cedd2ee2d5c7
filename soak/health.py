"""`python -m soak.health HOST PORT`: ask for `/healthz` until stdin closes; print the times.

A process of its own: among the clients' threads it would measure how busy they are.
"""

from __future__ import annotations

import http.client
import json
import select
import sys
import time

EVERY_S = 0.1
PATIENCE_S = 60.0  # what an answer counts as that does not come


def main(host: str, port: int) -> None:
    """Print the seconds of every answer as a JSON list."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    took: list[float] = []
    done = False
    while not done:
        started = time.monotonic()
        try:
            connection.request("GET", "/healthz")
            alive = connection.getresponse().read() == b'{"status":"alive"}'
        except (OSError, http.client.HTTPException):
            alive = False
            connection.close()
        took.append(time.monotonic() - started if alive else PATIENCE_S)
        done = bool(select.select([sys.stdin], [], [], EVERY_S)[0])
    print(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
