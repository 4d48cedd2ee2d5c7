"""Running an app under uvicorn: settings, logs, and the exit status."""

from __future__ import annotations

import contextlib
import gc
import math
import sys
from collections.abc import Callable
from socket import socket

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from settings import Settings
from web import logs
from web.connections import GuardedProtocol

SWITCH_S = 0.002  # Python's 5 ms add up at a request's many turns; 0.5 ms cost 6 % of throughput
SHUTDOWN_MARGIN_S = 5  # beyond the time budget: 25 s by default; orchestrators kill after 30 s


def run(create: Callable[[Settings], FastAPI]) -> int:
    """Read the settings, create the app, serve it; return the process's exit status.

    0 after Ctrl-C, 1 if the model cannot be loaded, 2 if a setting is wrong. Uvicorn itself ends
    the process with 3 if the address is taken, and a signal ends it as signals do.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            print(f"Setting {name}={problem['input']!r}: {problem['msg']}", file=sys.stderr)
        return 2
    level = "DEBUG" if settings.debug else settings.log_level
    logs.configure(settings.log_format, level)
    return serve(create(settings), settings)


def serve(app: FastAPI, settings: Settings) -> int:
    """Serve an app made by `api.create_api` until a signal comes or its model fails to load."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,  # uvicorn's records go where ours go
        access_log=False,  # web.access has a line for each request, with its id
        http=GuardedProtocol,
        timeout_graceful_shutdown=math.ceil(settings.time_budget_s) + SHUTDOWN_MARGIN_S,
        server_header=False,
    )
    server = _Server(config, app.state.stopping)

    def stop() -> None:
        server.should_exit = True

    app.state.stop = stop
    # What is loaded stays: 320,000 objects that a full collection walks through in 0.2 to 0.4 s,
    # while no other thread runs.
    app.state.loaded = gc.freeze
    sys.setswitchinterval(SWITCH_S)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it anew after shutting down
        server.run()
    return 1 if app.state.engine.failure else 0


class _Server(uvicorn.Server):
    """Uvicorn's, which says that it stops before it waits for what is under way.

    Lifespans end after that wait: too late for streams that would go on for ever.
    """

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)
