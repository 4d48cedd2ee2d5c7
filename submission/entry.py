"""`submit`, `rules` and `teams`: what an entry costs, whether it is allowed now, and making it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from submission.platform import Platform, Say
from submission.refusal import Refusal
from submission.state import State

if TYPE_CHECKING:
    from dyff.schema.platform import ChallengeTask, InferenceServiceRunner

DEFAULT_CHALLENGE = "dc509a8c771b492b90c43012fde9a04f"  # SAFE 2025, of the challenge's template


@dataclass(frozen=True)
class Allowance:
    """How many submissions a team has left in the cycle that runs now, and when the next begins."""

    used: int
    limit: int
    next_cycle: datetime

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


def find_task(platform: Platform, challenge: str, task: str) -> ChallengeTask:
    """A task of a challenge by its ID, its key or its name.

    Raises:
        Refusal: there is none; the message lists those that there are.
    """
    tasks = platform.challenge(challenge).tasks
    for key, candidate in tasks.items():
        if task in (key, candidate.id, candidate.name):
            return candidate
    known = ", ".join(f"{found.name} ({key})" for key, found in tasks.items()) or "none"
    raise Refusal(f"Challenge {challenge} has no task {task}; there are: {known}.")


def allowance(task: ChallengeTask, made: list[datetime], now: datetime | None = None) -> Allowance:
    """What is left of the cycle, given when the team's submissions were made."""
    schedule = task.rules.schedule
    now = now or datetime.now(timezone.utc)
    cycles = (now - schedule.submissionCycleEpoch) // schedule.submissionCycleDuration
    start = schedule.submissionCycleEpoch + cycles * schedule.submissionCycleDuration
    used = sum(start <= moment for moment in made)
    return Allowance(
        used, schedule.submissionLimitPerCycle, start + schedule.submissionCycleDuration
    )


def obstacles(
    task: ChallengeTask, left: Allowance | None, runner: InferenceServiceRunner | None
) -> list[str]:
    """Why the platform would not take a submission now, one sentence each."""
    from dyff.schema.quantity import parse_quantity

    found = []
    now, schedule = datetime.now(timezone.utc), task.rules.schedule
    if schedule.openingTime and now < schedule.openingTime:
        found.append(f"The task opens at {moment(schedule.openingTime)}.")
    if schedule.closingTime and now >= schedule.closingTime:
        found.append(f"The task closed at {moment(schedule.closingTime)}.")
    if left is not None and not left.left:
        found.append(
            f"The team has used its {left.limit} of this cycle; the next begins at "
            f"{moment(left.next_cycle)}."
        )
    if runner is not None:
        cpu, memory = (
            parse_quantity(value or 0) for value in (runner.resources.cpu, runner.resources.memory)
        )
        gpu = runner.accelerator.gpu if runner.accelerator else None
        choices = task.rules.executionEnvironment.choices
        if not any(
            cpu <= parse_quantity(choice.cpu)
            and memory <= parse_quantity(choice.memory)
            and (
                gpu is None
                or any(choice.accelerators.get(kind, 0) >= gpu.count for kind in gpu.hardwareTypes)
            )
            for choice in choices.values()
        ):
            found.append(
                "The service asks for more than any machine of the task has "
                f"({'; '.join(machines(task))})."
            )
    return found


def machines(task: ChallengeTask) -> list[str]:
    """The execution environments of a task, a line each."""
    lines = []
    for name, choice in task.rules.executionEnvironment.choices.items():
        gpus = "".join(f", {count} x {kind}" for kind, count in choice.accelerators.items())
        lines.append(f"{name}: {choice.cpu} CPUs, {choice.memory} memory{gpus}")
    return lines


def moment(time: datetime) -> str:
    return time.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def describe_rules(
    platform: Platform, challenge: str, task: str | None, team: str | None
) -> list[str]:
    """A task's limits and schedule, of all tasks if none is named, a line each."""
    tasks = (
        {task: find_task(platform, challenge, task)}
        if task
        else dict(platform.challenge(challenge).tasks)
    )
    lines = []
    for key, found in tasks.items():
        schedule = found.rules.schedule
        lines.append(f"{found.content.page.title or found.name} (--task {key})")
        opening = moment(schedule.openingTime) if schedule.openingTime else "no date"
        closing = moment(schedule.closingTime) if schedule.closingTime else "no date"
        lines.append(f"  open from {opening} until {closing}")
        lines.append(
            f"  {schedule.submissionLimitPerCycle} submission(s) a team in "
            f"{schedule.submissionCycleDuration.total_seconds() / 3600:g} h"
        )
        lines += [f"  machine {line}" for line in machines(found)]
        if team:
            left = left_of_cycle(platform, challenge, key, found, team)
            lines.append(
                f"  team {team}: {left.left} of {left.limit} left until {moment(left.next_cycle)}"
            )
    return lines


def left_of_cycle(
    platform: Platform, challenge: str, task: str, found: ChallengeTask, team: str
) -> Allowance:
    made = platform.submissions(challenge, task, team)
    return allowance(found, [entry.creationTime for entry in made])


def enter(
    platform: Platform,
    state: State,
    say: Say,
    *,
    account: str,
    team: str,
    challenge: str,
    task: str,
    force: bool,
) -> str:
    """Submit the state's service to a task; return the submission's ID.

    A service that has been entered already is not entered twice, unless it failed.

    Args:
        force: submit whatever the rules say; they are not even read.

    Raises:
        Refusal: the rules do not allow it now, or the platform does not.
    """
    record = state.record
    service = record.service
    if service is None:
        raise Refusal("There is no service to submit: `upload-submission` comes first.")
    if known := platform.find_submission(challenge, task, team, service):
        say(f"Submission {known} of this service is there already")
        state.update(submission=known, challenge=challenge, task=task, team=team, pending=None)
        return known
    if not force:
        check_rules(platform, say, challenge=challenge, task=task, team=team, service=service)
    state.begin("submission")
    made = platform.submit(challenge, task, account, team, service)
    state.update(submission=made, challenge=challenge, task=task, team=team, pending=None)
    say(f"Submission {made}")
    return made


def check_rules(
    platform: Platform, say: Say, *, challenge: str, task: str, team: str, service: str
) -> None:
    """Refuse what the platform would refuse, before the slot is spent."""
    found = find_task(platform, challenge, task)
    left = left_of_cycle(platform, challenge, task, found, team)
    runner = platform.get("inferenceservices", service).runner
    if reasons := obstacles(found, left, runner):
        raise Refusal(f"Not submitted. {' '.join(reasons)} (--force submits all the same.)")
    say(f"Task {found.name}: {left.left} of {left.limit} left until {moment(left.next_cycle)}")
