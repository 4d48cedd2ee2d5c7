"""`python -m soak --minutes 10`: soak a real server, print the figures, fail if one is bad.

A server with `ISOLATE=1` and a detector that breaks on demand gets, at the same time: clients that
send good pictures (every answer is compared with the right one), hostile bodies, broken HTTP, slow
bodies and hang-ups; visitors of the page who leave while their picture is being judged; every few
seconds a fault; a clock that jumps by years; and a health check ten times a second. At the end it
is told to stop while requests wait, and must answer every one of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from soak.run import soak


def main() -> int:
    """The exit status: 1 if an answer was wrong, lost or a 5xx."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("soak/results"))
    arguments = parser.parse_args()
    folder = arguments.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    found = {"clients": arguments.clients, "cpus": os.cpu_count()}
    found |= soak(arguments.minutes, arguments.clients, folder, arguments.seed)
    text = json.dumps(found, indent=2)
    (folder / f"{time.strftime('%Y-%m-%d')}.json").write_text(text + "\n")
    print(text)
    bad = found["wrong"] + found["lost"] + found["5xx"] + found["drain"]["lost"]
    return 1 if bad or found["unhandled_in_log"] else 0


if __name__ == "__main__":
    sys.exit(main())
