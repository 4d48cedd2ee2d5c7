"""The Dyff platform through its own SDK: create, wait, find again; failures in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from submission import refusal, volume
from submission.connection import Connection
from submission.refusal import Refusal, explained
from submission.service_request import service_request
from submission.state import Wanted
from submission.statuses import FAILED, READY, describe

if TYPE_CHECKING:
    from dyff.schema.platform import Challenge, Submission, Team

CLOCK_SLACK = timedelta(minutes=2)  # between this machine's clock and the platform's
RETRY_DELAYS_S = (1.0, 2.0, 5.0, 10.0)  # what was just made is not everywhere known at once

Say = Callable[[str], None]
Kind = Literal["artifacts", "models", "inferenceservices", "submissions"]


class Platform:
    """One account's view of the platform.

    Raises:
        Refusal: from every method, in words.
    """

    def __init__(self, connection: Connection) -> None:
        try:
            from dyff.client import Client, Timeout
        except ImportError as error:
            raise Refusal(f"The Dyff SDK is missing ({error}): {refusal.INSTALL}") from None

        def client(retries: int) -> Client:
            return Client(
                api_token=connection.token,
                endpoint=connection.api.rstrip("/"),
                registry_url=connection.registry,
                insecure=connection.insecure,
                timeout=Timeout(connection.request_timeout_s),
                retries=retries,
            )

        self.connection = connection
        self._reads = client(3)
        self._creates = client(0)  # sent again after a lost answer, it would make a second one

    def close(self) -> None:
        """Close the lines to the platform."""
        for client in (self._reads, self._creates):
            client._http.close()  # the SDK has no public way

    # --- what a submission consists of

    def create_artifact(self, account: str) -> str:
        with explained("Creating the artifact", creates=True):
            from dyff.schema.requests import ArtifactCreateRequest

            return self._creates.artifacts.create(ArtifactCreateRequest(account=account)).id

    def finalize_artifact(self, artifact: str) -> None:
        """Say that the image has arrived; a second time does no harm."""
        if self.status("artifacts", artifact)[0] in READY:
            return
        with explained("Finalizing the artifact"):
            self._creates.artifacts.finalize(artifact)

    def create_model(self, wanted: Wanted, folder: Path) -> str:
        with explained("Creating the model", creates=True):
            from dyff.schema.platform import ModelResources

            try:
                return self._creates.models.create_from_volume(
                    folder, account=wanted.account, name=wanted.name, resources=ModelResources()
                ).id
            except ValueError as error:
                if "no files" in str(error):
                    raise Refusal(f"{folder} holds no files (links do not count).") from None
                raise

    def upload_volume(
        self, model: str, folder: Path, done: Iterable[str], arrived: Callable[[str], None]
    ) -> None:
        """Send the files of a model that have not arrived yet, with a bar for each.

        Args:
            done: paths that have arrived.
            arrived: called with each path that has.
        """
        with explained("Reading the model"):
            entity = self._reads.models.get(model)
        if entity.status in READY:
            return
        volume.check_unchanged(entity, folder)
        assert entity.artifact.volume is not None
        for file in entity.artifact.volume.files:
            if file.path not in set(done):
                self._upload(model, folder / file.path, file.path)
                arrived(file.path)

    def _upload(self, model: str, path: Path, name: str) -> None:
        with explained(f"Uploading {name}"):
            link = self._patiently(lambda: self._reads.models.uplink(model, name))
            volume.send(
                path,
                name,
                link,
                verify=not self.connection.insecure,
                timeout_s=self.connection.request_timeout_s,
            )

    def finalize_model(self, model: str) -> None:
        if self.status("models", model)[0] in READY:
            return
        with explained("Finalizing the model"):
            self._patiently(lambda: self._creates.models.finalize(model))

    def create_service(self, wanted: Wanted, artifact: str, model: str | None) -> str:
        with explained("Creating the inference service", creates=True):
            return self._creates.inferenceservices.create(
                service_request(wanted, artifact, model)
            ).id

    def submit(self, challenge: str, task: str, account: str, team: str, service: str) -> str:
        with explained("Submitting", creates=True):
            from dyff.schema.platform import EntityIdentifier
            from dyff.schema.requests import SubmissionCreateRequest

            request = SubmissionCreateRequest(
                account=account,
                team=team,
                submission=EntityIdentifier(kind="InferenceService", id=service),
            )
            return self._creates.challenges.submit(challenge, task, request).id

    # --- finding again what a lost answer may have made

    def find_model(self, wanted: Wanted, since: datetime) -> str | None:
        with explained("Looking for the model"):
            found = self._reads.models.query(account=wanted.account, name=wanted.name)
        return latest(found, since)

    def find_service(self, wanted: Wanted, artifact: str, since: datetime) -> str | None:
        with explained("Looking for the inference service"):
            found = self._reads.inferenceservices.query(account=wanted.account, name=wanted.name)
        ours = [
            s for s in found if s.runner and s.runner.imageRef and s.runner.imageRef.id == artifact
        ]
        return latest(ours, since)

    def find_submission(self, challenge: str, task: str, team: str, service: str) -> str | None:
        """Whenever it was made: a service needs no second entry, unless the first has failed."""
        for entry in self.submissions(challenge, task, team):
            if entry.submission.id == service and entry.status not in FAILED:
                return entry.id
        return None

    # --- reading

    def status(self, kind: Kind, entity: str) -> tuple[str, str | None, str | None]:
        """An entity's status, reason and message; one that was just made may not be known yet."""
        with explained(f"Reading {kind}/{entity}"):
            found = self._patiently(lambda: getattr(self._reads, kind).get(entity))
        return found.status, found.reason, found.message

    def get(self, kind: Kind, entity: str) -> Any:
        with explained(f"Reading {kind}/{entity}"):
            return getattr(self._reads, kind).get(entity)

    def wait(self, kind: Kind, entity: str, say: Say) -> None:
        """Return when the entity is ready.

        Raises:
            Refusal: it failed, or is not ready yet when our patience is at its end.
        """
        end = time.monotonic() + self.connection.patience_s
        before = None
        while True:
            now = self.status(kind, entity)
            if now[0] in READY:
                return
            if now[0] in FAILED:
                raise Refusal(
                    f"{kind}/{entity} is {describe(*now)}. It has to be made anew: --restart."
                )
            if now != before:
                say(f"{kind}/{entity} is {describe(*now)}; waiting")
                before = now
            if time.monotonic() > end:
                raise Refusal(
                    f"{kind}/{entity} is still {describe(*now)} after "
                    f"{self.connection.patience_s:.0f} s. Go on later with --resume."
                )
            time.sleep(self.connection.poll_s)

    def challenge(self, challenge: str) -> Challenge:
        with explained("Reading the challenge"):
            return self._reads.challenges.get(challenge)

    def teams(self, challenge: str) -> list[Team]:
        with explained("Reading the teams"):
            return self._reads.challenges.teams(challenge)

    def submissions(self, challenge: str, task: str, team: str) -> list[Submission]:
        with explained("Reading the team's submissions"):
            return self._reads.submissions.query(challenge=challenge, task=task, team=team)

    def run_nodes(self, run: str) -> dict[str, tuple[str, str | None, str | None]]:
        """Status of every node of a submission's pipeline."""
        with explained("Reading the pipeline run"):
            nodes = self._reads.pipelines.get_run_status(run).nodes
        return {name: (node.status, node.reason, node.message) for name, node in nodes.items()}

    def scores(self, run: str) -> list[tuple[str, str]]:
        """Title and value of the scores of a pipeline run that we may see."""
        with explained("Reading the scores"):
            workflows = self._reads.pipelines.get_run(run).workflows
            cases = [entity.id for entity in workflows.values() if entity.kind == "SafetyCase"]
            scores = [score for case in cases for score in self._reads.safetycases.scores(case)]
        return [(score.title, score.quantityString) for score in scores]

    def _patiently(self, call: Callable[[], Any]) -> Any:
        """Call until what was just made is known everywhere."""
        import httpx
        from dyff.client.errors import HTTPError

        for delay in RETRY_DELAYS_S:
            try:
                return call()
            except HTTPError as error:
                if not unknown_yet(error.status, str(error)):
                    raise
            except httpx.HTTPStatusError as error:
                if not unknown_yet(error.response.status_code, error.response.text):
                    raise
            time.sleep(min(delay, self.connection.poll_s))
        return call()


def unknown_yet(status: int, text: str) -> bool:
    return status == 404 or (status == 409 and "WaitingForUpload" in text)


def latest(entities: Iterable[Any], since: datetime) -> str | None:
    """The ID of the newest entity that is not older than a request of ours."""
    new = [entity for entity in entities if entity.creationTime >= since - CLOCK_SLACK]
    return max(new, key=lambda entity: entity.creationTime).id if new else None
