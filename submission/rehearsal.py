"""`rehearse`: the whole submission on this machine, from the push to the scores."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from submission import (
    client_rules,
    entry,
    images,
    inputs,
    loopback,
    preflight,
    progress,
    project,
    trial,
)
from submission.client_rules import Outcome, Rules
from submission.connection import Connection
from submission.inputs import Picture
from submission.platform import Platform, Say
from submission.project import Finding
from submission.refusal import Refusal
from submission.runner import Service
from submission.service_request import service_request
from submission.stand import Stand
from submission.state import Record, State, Wanted
from submission.tiny_image import write_image
from submission.upload import Upload

TOKEN = "rehearsal-token-0123456789"
RETRY_DELAY_S = 1.0  # Dyff's 30 would only make us wait longer for the service to start
RETRY_LIMIT = 300  # as many seconds, for a start


@dataclass(frozen=True)
class Plan:
    """What to rehearse with; see `trial.Plan` for the last."""

    wanted: Wanted
    check: trial.Plan
    folder: Path | None = None  # for the state; a temporary one by default
    rules: Rules = field(
        default_factory=lambda: Rules(retry_limit=RETRY_LIMIT, retry_delay_s=RETRY_DELAY_S)
    )


def rehearse(plan: Plan, say: Say) -> bool:
    """Go through all of it; return whether the evaluation came to its end.

    Raises:
        Refusal: a step failed.
    """
    with tempfile.TemporaryDirectory() as scratch, platform_here(say) as (stand, platform):
        wanted = with_image(plan, Path(scratch), say)
        stand.account = wanted.account
        path = (plan.folder or Path(scratch)) / "rehearsal.json"
        state = State(Record(api=stand.api, wanted=wanted), path)
        for text in entry.describe_rules(platform, stand.challenge, None, stand.team):
            say(text)
        Upload(platform, state, say, dry=not stand.registry).run()
        if stand.registry:
            check_registry(stand.registry, state)
            say("The registry has the image, at the digest that was pushed")
        submission = entry.enter(
            platform,
            state,
            say,
            account=wanted.account,
            team=stand.team,
            challenge=stand.challenge,
            task=stand.task,
            force=False,
        )
        passed = evaluate(plan, stand, wanted, state, say)
        status, run = progress.follow(platform, submission, say, wait=True)
        for title, value in platform.scores(run):
            say(f"score {title}: {value}")
        return passed and status == "Complete"


@contextmanager
def platform_here(say: Say) -> Iterator[tuple[Stand, Platform]]:
    """The stand-in with a real registry where the program is installed, and a client of both."""
    stand = Stand(token=TOKEN)
    with loopback.serve(stand):
        if loopback.registry_program() is None:
            say("Note: docker-registry is not installed, so the push is only said")
            yield from connected(stand, "127.0.0.1:9")
        else:
            with loopback.serve_registry(f"{stand.url}/token") as registry:
                stand.registry = registry
                yield from connected(stand, registry)


def connected(stand: Stand, registry: str) -> Iterator[tuple[Stand, Platform]]:
    platform = Platform(Connection(TOKEN, stand.api, registry, insecure=True, poll_s=0.2))
    try:
        yield stand, platform
    finally:
        platform.close()


def with_image(plan: Plan, scratch: Path, say: Say) -> Wanted:
    """The image asked for, in the engine that has it, or a small one that stands for it."""
    wanted, root = plan.wanted, plan.check.root
    if wanted.image:
        source = trial.source_of(plan.check, trial.choose(plan.check))
        return wanted.model_copy(update={"image": source or wanted.image})
    names = [name for name in project.tracked(root) if name.endswith((".py", "DYFF_TEAM"))]
    files = {f"app/{name}": (root / name).read_bytes() for name in names}
    say("Note: no --image, so a small one of the source files is pushed in its place")
    return wanted.model_copy(
        update={"image": write_image(scratch / "image", files or {"app/x": b"x"})}
    )


def check_registry(registry: str, state: State) -> None:
    artifact, digest = state.record.artifact, state.record.digest
    with images.authfile(registry, TOKEN) as (path, handles):
        source = f"docker://{registry}/artifacts/{artifact}:latest"
        command = ["inspect", "--tls-verify=false", "--authfile", path, source]
        found = json.loads(
            images.run(images.skopeo(*command), "Reading the registry", handles=handles)
        )
    if found["Digest"] != digest:
        raise Refusal(f"The registry has {found['Digest']}, pushed was {digest}.")


def evaluate(plan: Plan, stand: Stand, wanted: Wanted, state: State, say: Say) -> bool:
    """Ask the running service as the evaluation would, and tell the stand-in how it ended."""
    pictures = inputs.hard(plan.check.megapixels) + inputs.examples(plan.check.root)
    outcomes: list[Outcome] = []
    check = replace(plan.check, endpoint=wanted.endpoint)

    def tell(finding: Finding) -> None:
        say(preflight.line(finding))

    with trial.start(check, trial.choose(check), tell) as service:
        first = preflight.cold_start(check, service, pictures[-1])
        say(preflight.line(first))
        if first.level == "fail":
            stand.finish("Failed", "the service did not start", [])
            return False
        say(f"Evaluating {service.kind} on {len(pictures)} pictures")
        for outcome in client_rules.evaluate(service, wanted.endpoint, pictures, plan.rules):
            outcomes.append(outcome)
        if not any(outcome.fault for outcome in outcomes):
            evaluate_locally(service, wanted.endpoint, pictures, say)
        cut = service.facts().cut
    say("without a network" if cut else "Note: the network could not be cut on this machine")
    fault = next((f"{o.picture.name}: {o.fault}" for o in outcomes if o.fault), None)
    if fault is None:
        fault = misfit(wanted, state, outcomes)
    if fault:
        stand.finish("Failed", fault, [])
        return False
    seconds = sum(outcome.seconds for outcome in outcomes)
    scores = [("pictures answered", len(outcomes)), ("seconds each", seconds / len(outcomes))]
    stand.finish("Complete", f"{len(outcomes)} of {len(pictures)} answered", scores)
    return True


def evaluate_locally(service: Service, endpoint: str, pictures: list[Picture], say: Say) -> None:
    """The same once more by Dyff's own local platform, where it is installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # theirs, of older names in what they import
            from submission import local_platform
    except ImportError:
        say("Note: dyff-audit is not installed, so Dyff's own local platform was not asked")
        return

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        reply = service.ask(f"/{endpoint.strip('/')}", json.dumps(request).encode())
        answer: dict[str, Any] = json.loads(reply.body)
        return answer

    with tempfile.TemporaryDirectory() as folder:
        stored = local_platform.evaluate(pictures, endpoint, ask, Path(folder))
    say(f"Dyff's own local platform stored {stored} answers")


def misfit(wanted: Wanted, state: State, outcomes: list[Outcome]) -> str | None:
    """Why the answers cannot be stored by the schema that the service was created with, or None."""
    import pyarrow as pa
    from dyff.schema.dataset import arrow

    request = service_request(wanted, state.record.artifact or "", state.record.model)
    schema = arrow.decode_schema(request.interface.outputSchema.arrowSchema)
    rows = [
        {
            "_replication_": "0",
            "_index_": index,
            "responses": [{"_response_index_": 0, **json.loads(outcome.body)}],
        }
        for index, outcome in enumerate(outcomes)
    ]
    try:
        pa.RecordBatch.from_pylist(rows, schema=schema).validate(full=True)
    except (pa.ArrowException, TypeError) as error:
        return f"an answer does not fit the output schema: {error}"
    return None
