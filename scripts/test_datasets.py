#!/usr/bin/env python3
"""Test any service that speaks the challenge's contract; `--help` says how. See `scoring/`."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, not as a module
    try:
        from scoring.cli import main
    except ModuleNotFoundError as error:
        print(f"{error}; install requirements-dev.txt and requirements-submit.txt", file=sys.stderr)
        sys.exit(2)  # 1 says that a sample failed
    sys.exit(main())
