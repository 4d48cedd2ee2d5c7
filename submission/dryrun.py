"""`--dry-run`: the real client asks a stand-in on this machine, which prints every request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from fastapi import Request, Response

from submission import loopback
from submission.connection import Connection
from submission.platform import Platform, Say
from submission.stand import ACCOUNT, CHALLENGE, TASK, TEAM, Stand
from submission.state import Record

LONGEST = 160  # characters of a value that are printed: one is a schema in base64


@contextmanager
def platform(connection: Connection, stand: Stand, say: Say) -> Iterator[Platform]:
    """A platform that prints what it is asked, with the addresses of the true one.

    Args:
        stand: its IDs should be those that the requests will name.
    """
    stand.token = connection.token
    made = iter(range(1, 1000))
    stand.next_id = lambda: f"id-{next(made)}"
    app = loopback.create_stand(stand)

    @app.middleware("http")
    async def tell(request: Request, proceed: Any) -> Response:
        where = request.url.path
        true = connection.api.rstrip("/") + where.removeprefix("/v0")
        if where.startswith("/storage/"):
            true = f"https://[storage]{where}"
        query = "&".join(f"{key}={value}" for key, value in request.query_params.items() if value)
        say(f"{request.method} {true}{f'?{query}' if query else ''}")
        if "authorization" in request.headers:
            say(f"  Authorization: {request.headers['authorization']}")
        body = await request.body()
        if body:
            say(f"  {shown(body)}")
        response: Response = await proceed(request)
        return response

    with loopback.serve(stand, app):
        here = Platform(replace(connection, api=stand.api, poll_s=0.01))
        try:
            yield here
        finally:
            here.close()


def stand_for(
    record: Record | None = None,
    *,
    account: str | None = None,
    challenge: str = CHALLENGE,
    task: str = TASK,
    team: str = TEAM,
    submission: str | None = None,
) -> Stand:
    """A stand-in that knows what the requests will name, all of it ready."""
    owner = account or (record.wanted.account if record else ACCOUNT)
    stand = Stand("", owner, challenge, task, team, limit=1000)
    common = {"account": owner, "status": "Ready", "name": "given"}
    wanted = record.wanted if record else None
    for artifact in (record and record.artifact, wanted and wanted.artifact):
        if artifact:
            stand.add("artifacts", common, id=artifact, kind="OCIArtifact")
    for model in (record and record.model, wanted and wanted.model):
        if model:
            files = {"artifact": {"kind": "Volume"}, "source": {"kind": "Upload"}, "resources": {}}
            stand.add("models", common, id=model, kind="Model", **files)
    if record and record.service:
        interface = {"endpoint": "predict", "outputSchema": {"arrowSchema": ""}}
        kind = "InferenceService"
        stand.add("inferenceservices", common, id=record.service, kind=kind, interface=interface)
    if submission:
        entered = {"kind": "InferenceService", "id": (record and record.service) or "service"}
        place = {"challenge": challenge, "task": task, "team": team, "pipelineRun": "run"}
        kind = "Submission"
        stand.add("submissions", common, id=submission, kind=kind, submission=entered, **place)
    return stand


def shown(body: bytes) -> str:
    try:
        return json.dumps(shortened(json.loads(body)), ensure_ascii=False)
    except ValueError:
        return f"({len(body)} bytes)"


def shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shortened(inner) for inner in value]
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]}... ({len(value)} characters)"
    return value
