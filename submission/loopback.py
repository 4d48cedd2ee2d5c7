"""A stand-in of the Dyff platform on this machine: its API, its storage, and a real registry.

It validates requests by the SDK's own schemas. What the true platform does beyond them is not known
to it: a rehearsal shows that our side is whole, not that theirs will agree.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request, Response

from submission.refusal import Refusal

CHALLENGE = "0123456789abcdef0123456789abcdef"
TASK = "fedcba9876543210fedcba9876543210"
TEAM = "00112233445566778899aabbccddeeff"
ACCOUNT = "rehearsal"
START_S = 60.0  # for a server to listen; it takes a fraction of a second
REGISTRY_PROGRAMS = ("docker-registry", "registry")  # Debian's name for it, and upstream's
REGISTRY_CONFIG = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: "{folder}"}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{silly: {{realm: "{realm}", service: registry}}}}
"""

Entity = dict[str, Any]


def new_id() -> str:
    return uuid.uuid4().hex


@dataclass
class Stand:
    """What the stand-in knows; what is changed here shows in the next answer."""

    token: str
    account: str = ACCOUNT
    challenge: str = CHALLENGE
    task: str = TASK
    team: str = TEAM
    limit: int = 1
    schedule: Entity = field(default_factory=dict)  # of the task, beside the limit
    team_status: str = "Active"
    scores: list[tuple[str, float]] = field(default_factory=list)
    nodes: dict[str, Entity] = field(default_factory=lambda: {"evaluation": {"status": "Created"}})
    registry: str = ""  # host:port, none if there is no registry
    entities: dict[str, dict[str, Entity]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    next_id: Callable[[], str] = new_id
    url: str = ""

    @property
    def api(self) -> str:
        return f"{self.url}/v0"

    def of(self, kind: str) -> dict[str, Entity]:
        return self.entities.setdefault(kind, {})

    def add(self, group: str, body: Entity, /, **more: Any) -> Entity:
        created = datetime.now(timezone.utc).isoformat()
        entity = {
            "id": self.next_id(),
            "status": "Created",
            "creationTime": created,
            **body,
            **more,
        }
        self.of(group)[entity["id"]] = entity
        return entity

    def get(self, kind: str, entity: str) -> Entity:
        if entity not in self.of(kind):
            raise HTTPException(404, f"{kind}/{entity} not found")
        return self.of(kind)[entity]

    def finish(self, status: str, message: str, scores: list[tuple[str, float]]) -> None:
        """End the evaluation of every submission."""
        self.nodes = {"evaluation": {"status": status, "message": message}}
        self.scores = scores
        for submission in self.of("submissions").values():
            submission["status"] = status


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
    _add_artifacts(app, stand, guarded)
    _add_models(app, stand, guarded)
    _add_services(app, stand, guarded)
    _add_challenges(app, stand, guarded)
    _add_submissions(app, stand, guarded)
    return app


def parsed(name: str, body: Entity, stand: Stand) -> Entity:
    """The body, if the SDK's schema of this name takes it and the account is the token's."""
    from dyff.schema import requests
    from pydantic import ValidationError

    try:
        getattr(requests, name).model_validate(body)
    except ValidationError as error:
        raise HTTPException(422, f"{name}: {error.errors(include_url=False)[0]['msg']}") from None
    if body["account"] != stand.account:
        raise HTTPException(403, f"the token has no permission for account {body['account']}")
    return body


def matching(entities: dict[str, Entity], request: Request) -> list[Entity]:
    wanted = {key: value for key, value in request.query_params.items() if value}
    return [e for e in entities.values() if all(e.get(k) == v for k, v in wanted.items())]


def _add_artifacts(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
    @app.post("/v0/artifacts", dependencies=guarded)
    def create(body: Entity) -> Entity:
        return stand.add(
            "artifacts", parsed("ArtifactCreateRequest", body, stand), kind="OCIArtifact"
        )

    @app.get("/v0/artifacts/{entity}", dependencies=guarded)
    def get(entity: str) -> Entity:
        return stand.get("artifacts", entity)

    @app.post("/v0/artifacts/{entity}/finalize", dependencies=guarded)
    def finalize(entity: str) -> Entity:
        artifact = stand.get("artifacts", entity)
        if artifact["status"] == "Ready":
            raise HTTPException(409, f"artifacts/{entity} is Ready already")
        if stand.registry and not in_registry(stand.registry, entity):
            raise HTTPException(409, f"artifacts/{entity}: no image at tag latest")
        artifact["status"] = "Ready"
        return {"status": "Ready"}


def in_registry(registry: str, artifact: str) -> bool:
    request = urllib.request.Request(
        f"http://{registry}/v2/artifacts/{artifact}/manifests/latest",
        headers={"Authorization": "any", "Accept": "application/vnd.oci.image.manifest.v1+json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=START_S):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return False


def _add_models(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
    stored = stand.of("storage")

    @app.post("/v0/models", dependencies=guarded)
    def create(body: Entity) -> Entity:
        return stand.add("models", parsed("ModelCreateRequest", body, stand), kind="Model")

    @app.get("/v0/models", dependencies=guarded)
    def query(request: Request) -> list[Entity]:
        return matching(stand.of("models"), request)

    @app.get("/v0/models/{entity}", dependencies=guarded)
    def get(entity: str) -> Entity:
        return stand.get("models", entity)

    @app.get("/v0/models/{entity}/upload/{path:path}", dependencies=guarded)
    def uplink(entity: str, path: str) -> Entity:
        stand.get("models", entity)
        signed = f"{stand.url}/storage/{entity}/{path}?signature={stand.next_id()}"
        return {"url": signed, "method": "PUT", "headers": {"x-storage": "stand-in"}}

    @app.put("/storage/{entity}/{path:path}")
    async def put(entity: str, path: str, request: Request) -> None:
        md5 = hashlib.md5(usedforsecurity=False)
        async for chunk in request.stream():
            md5.update(chunk)
        stored[f"{entity}/{path}"] = {"md5": base64.b64encode(md5.digest()).decode()}

    @app.post("/v0/models/{entity}/finalize", dependencies=guarded)
    def finalize(entity: str) -> None:
        model = stand.get("models", entity)
        for file in model["artifact"]["volume"]["files"]:
            found = stored.get(f"{entity}/{file['path']}", {}).get("md5")
            if found != file["digest"]["md5"]:
                raise HTTPException(400, f"{file['path']} is missing or damaged")
        model["status"] = "Ready"


def _add_services(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
    @app.post("/v0/inferenceservices", dependencies=guarded)
    def create(body: Entity) -> Entity:
        body = dict(parsed("InferenceServiceCreateRequest", body, stand))
        artifact = stand.get("artifacts", body["runner"]["imageRef"]["id"])
        if artifact["status"] != "Ready":
            raise HTTPException(409, f"artifacts/{artifact['id']} is {artifact['status']}")
        if model := body.pop("model", None):
            found = stand.get("models", model)
            body["model"] = {key: found[key] for key in ("id", "account", "name", "artifact")}
        return stand.add("inferenceservices", body, kind="InferenceService", status="Ready")

    @app.get("/v0/inferenceservices", dependencies=guarded)
    def query(request: Request) -> list[Entity]:
        return matching(stand.of("inferenceservices"), request)

    @app.get("/v0/inferenceservices/{entity}", dependencies=guarded)
    def get(entity: str) -> Entity:
        return stand.get("inferenceservices", entity)


def _add_challenges(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
    created = "2025-01-01T00:00:00Z"

    def task() -> Entity:
        choices = {"cpu": {"cpu": "8", "memory": "32Gi"}}
        choices["gpu"] = {**choices["cpu"], "accelerators": {"nvidia.com/gpu-l4": 1}}  # type: ignore[dict-item]
        return {
            "id": stand.task,
            "account": "organisers",
            "challenge": stand.challenge,
            "name": "rehearsal-task",
            "assessment": new_id(),
            "status": "Ready",
            "creationTime": created,
            "content": {"page": {"title": "Rehearsal"}},
            "rules": {
                "executionEnvironment": {"choices": choices},
                "schedule": {"submissionLimitPerCycle": stand.limit, **stand.schedule},
            },
        }

    def found(challenge: str) -> None:
        if challenge != stand.challenge:
            raise HTTPException(404, f"challenges/{challenge} not found")

    @app.get("/v0/challenges/{challenge}", dependencies=guarded)
    def get(challenge: str) -> Entity:
        found(challenge)
        return {
            "kind": "Challenge",
            "id": stand.challenge,
            "account": "organisers",
            "status": "Ready",
            "creationTime": created,
            "content": {},
            "tasks": {stand.task: task()},
        }

    @app.get("/v0/challenges/{challenge}/teams", dependencies=guarded)
    def teams(challenge: str) -> list[Entity]:
        found(challenge)
        team = {
            "kind": "Team",
            "id": stand.team,
            "account": stand.account,
            "status": stand.team_status,
            "creationTime": created,
            "challenge": stand.challenge,
            "name": "Rehearsal team",
            "members": {},
            "affiliations": {},
        }
        return [team]

    @app.post("/v0/challenges/{challenge}/tasks/{key}/submissions", dependencies=guarded)
    def submit(challenge: str, key: str, body: Entity) -> Entity:
        found(challenge)
        if key != stand.task:
            raise HTTPException(404, f"tasks/{key} not found")
        parsed("SubmissionCreateRequest", body, stand)
        if body["team"] != stand.team or stand.team_status != "Active":
            raise HTTPException(403, f"team {body['team']} may not submit")
        stand.get("inferenceservices", body["submission"]["id"])
        if len(stand.of("submissions")) >= stand.limit:
            raise HTTPException(403, "Submission limit reached for this cycle")
        run = stand.next_id()
        place = {"challenge": challenge, "task": key, "pipelineRun": run}
        return stand.add("submissions", {**body, **place}, kind="Submission")


def _add_submissions(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
    @app.get("/v0/submissions", dependencies=guarded)
    def query(request: Request) -> list[Entity]:
        return matching(stand.of("submissions"), request)

    @app.get("/v0/submissions/{entity}", dependencies=guarded)
    def get(entity: str) -> Entity:
        return stand.get("submissions", entity)

    @app.get("/v0/pipelines/runs/{run}/status", dependencies=guarded)
    def run_status(run: str) -> Entity:
        return {"status": "Admitted", "nodes": stand.nodes}

    @app.get("/v0/pipelines/runs/{run}", dependencies=guarded)
    def get_run(run: str) -> Entity:
        return {
            "kind": "PipelineRun",
            "id": run,
            "account": stand.account,
            "status": "Complete",
            "creationTime": "2025-01-01T00:00:00Z",
            "pipeline": new_id(),
            "workflows": {"safetycase": {"kind": "SafetyCase", "id": "case"}},
        }

    @app.get("/v0/safetycases/case/scores", dependencies=guarded)
    def scores() -> list[Entity]:
        return [
            {
                "kind": "Score",
                "id": new_id(),
                "name": name.replace(" ", "_"),
                "title": name,
                "summary": name,
                "analysis": "case",
                "metadata": {"refs": {"method": "rehearsal"}},
                "quantity": value,
                "quantityString": f"{value:g}",
                "text": name,
            }
            for name, value in stand.scores
        ]


@contextmanager
def serve(stand: Stand, app: FastAPI | None = None) -> Iterator[Stand]:
    """Serve on a free port of this machine and set `stand.url`."""
    config = uvicorn.Config(
        app or create_stand(stand), host="127.0.0.1", port=0, log_level="error", lifespan="off"
    )
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + START_S
    while not condition():
        if time.monotonic() > end:
            raise Refusal(f"{what} did not start within {START_S:.0f} s.")
        time.sleep(0.02)
