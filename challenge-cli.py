#!/usr/bin/env python3
"""Submit to the SAFE challenge: `python challenge-cli.py --help` lists the commands."""

from submission.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
