"""The stand-in's routes for the challenge: its task, teams, submissions and their scores."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, HTTPException, Request

from submission.stand import Entity, Stand, matching, new_id, parsed


def add_challenges(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
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


def add_submissions(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
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
