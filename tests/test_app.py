from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(code: str) -> None:
    """Run in a process of its own: what is imported is part of what is tested."""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_headless_serves_the_api_without_importing_gradio():
    run(
        "import sys; from app import create_app; from settings import Settings;"
        "app = create_app(Settings(headless=True, _env_file=None));"
        "paths = [getattr(route, 'path', '') for route in app.routes];"
        "assert '/predict' in paths and '' not in paths, paths;"
        "assert not {'gradio', 'demo.page'} & set(sys.modules)"
    )


def test_importing_the_app_has_no_effect():
    run(
        "import os, sys; before = dict(os.environ); import app;"
        "assert dict(os.environ) == before;"
        "assert not {'gradio', 'torch'} & set(sys.modules)"
    )
