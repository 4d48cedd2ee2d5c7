"""`status`: how far a submission is, waiting for it, and its scores."""

from __future__ import annotations

import time

from submission.platform import Platform, Say
from submission.refusal import Refusal
from submission.state import Record
from submission.statuses import FAILED, READY, describe

FINISHED = READY | FAILED


def overview(platform: Platform, record: Record) -> list[str]:
    """The status of everything that a state file knows of, a line each."""
    lines = []
    artifact = record.artifact or record.wanted.artifact
    model = record.model or record.wanted.model
    if artifact:
        lines.append(f"artifact {artifact}: {describe(*platform.status('artifacts', artifact))}")
    if model:
        lines.append(f"model {model}: {describe(*platform.status('models', model))}")
    if record.service:
        status = platform.status("inferenceservices", record.service)
        lines.append(f"service {record.service}: {describe(*status)}")
    if not record.submission:
        lines.append("not submitted yet")
    return lines


def follow(
    platform: Platform, submission: str, say: Say, *, wait: bool, quiet: bool = False
) -> tuple[str, str]:
    """Say how a submission and the steps of its evaluation are.

    Args:
        wait: go on to the end of the evaluation, and say every change.
        quiet: say no more than how it ended.

    Returns:
        The submission's last status and the ID of its pipeline run.

    Raises:
        Refusal: our patience is at its end before the submission is.
    """
    patience_s = platform.connection.patience_s
    end = time.monotonic() + patience_s
    said: dict[str, str] = {}
    while True:
        entry = platform.get("submissions", submission)
        now = {f"submission {submission}": describe(entry.status, entry.reason, entry.message)}
        nodes = platform.run_nodes(entry.pipelineRun) if entry.pipelineRun else {}
        now |= {f"  {name}": describe(*status) for name, status in nodes.items()}
        statuses = [status for status, _, _ in nodes.values()]
        status = entry.status
        if status not in FINISHED and statuses and all(node in FINISHED for node in statuses):
            status = "Failed" if any(node in FAILED for node in statuses) else "Complete"
        over = status in FINISHED or not wait
        for name, text in now.items():
            if said.get(name) != text and (over or not quiet):
                say(f"{name}: {text}")
                said[name] = text
        if over:
            return status, entry.pipelineRun
        if time.monotonic() > end:
            raise Refusal(f"It is not finished after {patience_s:.0f} s; ask again later.")
        time.sleep(platform.connection.poll_s)
