"""Empty folders in Gradio's upload folder: it deletes the files in them and leaves the folders."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from gradio.utils import get_upload_folder

FRESH_S = 60.0  # a folder is made a moment before the file that goes into it


def sweep(folder: Path, fresh_s: float = FRESH_S) -> int:
    """Remove the empty folders in `folder` that nothing has touched for `fresh_s` seconds.

    Returns:
        How many there were. One that cannot be removed is left.
    """
    removed, due = 0, time.time() - fresh_s
    with contextlib.suppress(OSError), os.scandir(folder) as entries:  # there may be none yet
        for entry in entries:
            with contextlib.suppress(OSError):  # not empty: rmdir itself looks, so nothing is lost
                if entry.is_dir(follow_symlinks=False) and entry.stat().st_mtime <= due:
                    os.rmdir(entry)
                    removed += 1
    return removed


def install(app: FastAPI, every_s: float) -> None:
    """Sweep every so many seconds, and once more at the end, after Gradio has deleted its files.

    Call it after the page was mounted: lifespans end in reverse.
    """
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        task = asyncio.create_task(_sweep_for_ever(every_s))
        try:
            async with inner(app) as state:
                yield state
        finally:
            task.cancel()
            sweep(Path(get_upload_folder()), 0.0)

    app.router.lifespan_context = lifespan


async def _sweep_for_ever(every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(sweep, Path(get_upload_folder()))
