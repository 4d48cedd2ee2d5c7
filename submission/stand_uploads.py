"""The stand-in's routes for what a submission consists of: images, weights, services."""

from __future__ import annotations

import base64
import hashlib
import urllib.error
import urllib.request
from typing import Any

from fastapi import FastAPI, HTTPException, Request

from submission.stand import Entity, Stand, matching, parsed

REGISTRY_S = 60.0  # for the registry to say whether an image is there; it takes a fraction


def add_artifacts(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
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
        with urllib.request.urlopen(request, timeout=REGISTRY_S):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return False


def add_models(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
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


def add_services(app: FastAPI, stand: Stand, guarded: list[Any]) -> None:
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
