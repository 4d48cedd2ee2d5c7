"""What the stand-in of the Dyff platform knows, whom it lets in and what it takes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from fastapi import HTTPException, Request

CHALLENGE = "0123456789abcdef0123456789abcdef"
TASK = "fedcba9876543210fedcba9876543210"
TEAM = "00112233445566778899aabbccddeeff"
ACCOUNT = "rehearsal"

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
