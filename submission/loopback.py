"""A stand-in of the Dyff platform on this machine: its API, its storage, and a real registry.

It validates requests by the SDK's own schemas. What the true platform does beyond them is not known
to it: a rehearsal shows that our side is whole, not that theirs will agree.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from starlette.types import ASGIApp

from submission import stand_challenge, stand_uploads
from submission.ports import free_port, listens, until
from submission.refusal import Refusal
from submission.stand import Entity, Stand

REGISTRY_PROGRAMS = ("docker-registry", "registry")  # Debian's name for it, and upstream's
REGISTRY_CONFIG = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: "{folder}"}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{silly: {{realm: "{realm}", service: registry}}}}
"""


def create_stand(stand: Stand) -> FastAPI:
    """The API, for `serve`."""
    app = FastAPI(openapi_url=None)

    @app.middleware("http")
    async def note(request: Request, proceed: Any) -> Response:
        stand.requests.append(f"{request.method} {request.url.path}")
        response: Response = await proceed(request)
        return response

    def authorized(request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {stand.token}":
            raise HTTPException(401, "Could not validate credentials")

    @app.get("/token")
    def registry_token(request: Request) -> Entity:
        basic = base64.b64encode(f"unused:{stand.token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            raise HTTPException(401, "unauthorized")
        return {"token": "pull-and-push"}

    guarded = [Depends(authorized)]
    stand_uploads.add_artifacts(app, stand, guarded)
    stand_uploads.add_models(app, stand, guarded)
    stand_uploads.add_services(app, stand, guarded)
    stand_challenge.add_challenges(app, stand, guarded)
    stand_challenge.add_submissions(app, stand, guarded)
    return app


@contextmanager
def serve(stand: Stand, app: ASGIApp | None = None) -> Iterator[Stand]:
    """Serve on a free port of this machine and set `stand.url`."""
    config = uvicorn.Config(
        app or create_stand(stand), host="127.0.0.1", port=0, log_level="error", lifespan="off",
        log_config=None,  # to set logging up anew would close other people's handlers
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, "The stand-in of the platform")
    port = server.servers[0].sockets[0].getsockname()[1]
    stand.url = f"http://127.0.0.1:{port}"
    try:
        yield stand
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join()


def registry_program() -> str | None:
    return next((path for name in REGISTRY_PROGRAMS if (path := shutil.which(name))), None)


@contextmanager
def serve_registry(realm: str) -> Iterator[str]:
    """Run a real registry that asks `realm` for permission; yield its host:port.

    Raises:
        Refusal: the program is missing or does not start.
    """
    program = registry_program()
    if program is None:
        raise Refusal(
            "docker-registry is missing (Debian and Ubuntu: apt-get install docker-registry)."
        )
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "registry.yml"
        config.write_text(REGISTRY_CONFIG.format(folder=f"{folder}/data", port=port, realm=realm))
        with (Path(folder) / "log").open("w") as log:
            child = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log)
        try:
            until(lambda: listens(port) or child.poll() is not None, "docker-registry")
            if child.poll() is not None:
                raise Refusal(f"docker-registry ended: {(Path(folder) / 'log').read_text()[-400:]}")
            yield f"127.0.0.1:{port}"
        finally:
            child.terminate()
            child.wait()
