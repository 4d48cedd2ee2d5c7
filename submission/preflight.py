"""`check`: what would go wrong in an evaluation, found out before a submission is spent on it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from statistics import mean, median

from submission import client_rules, inputs, leak, project, trial
from submission.client_rules import Outcome
from submission.inputs import Picture
from submission.platform import Say
from submission.project import Finding
from submission.refusal import Refusal
from submission.runner import Service
from submission.trial import Plan

SAME = 1e-6  # log-probabilities that differ by less are the same


def check(plan: Plan, say: Say) -> list[Finding]:
    """Look at the project, start it and ask it; say every finding as it comes."""
    findings: list[Finding] = []

    def add(*new: Finding) -> None:
        for finding in new:
            findings.append(finding)
            say(line(finding))

    add(project.check_team(plan.root), project.check_name(plan.root, plan.space))
    try:
        choice = trial.choose(plan)
        add(*trial.weights_of(plan, choice))
        add(*leak.check_secrets(plan.root, trial.source_of(plan, choice), plan.secrets))
        with trial.start(plan, choice, add) as service:
            pictures = inputs.hard(plan.megapixels) + inputs.examples(plan.root)
            for finding in run(plan, service, pictures):
                add(finding)
    except Refusal as error:
        add(Finding("fail", "Start", str(error)))
    return findings


def line(finding: Finding) -> str:
    mark = {"ok": "ok  ", "note": "note", "fail": "FAIL"}[finding.level]
    return f"{mark} {finding.topic}: {finding.text}"


def run(plan: Plan, service: Service, pictures: list[Picture]) -> Iterator[Finding]:
    """Wait for the service, ask it for every picture, and measure."""
    first = cold_start(plan, service, pictures[-1])
    yield first
    if first.level == "fail":
        return
    yield offline(service)
    answered = []
    for outcome in client_rules.evaluate(
        service, plan.endpoint, pictures, plan.rules, keep_on=True
    ):
        if outcome.fault:
            yield Finding("fail", "Answer", f"{outcome.picture.name}: {outcome.fault}")
        else:
            answered.append(outcome)
    whole = len(answered) == len(pictures)
    text = f"{len(answered)} of {len(pictures)} pictures by the rules of Dyff's client"
    yield Finding("ok" if whole else "fail", "Answers", text)
    if answered:
        yield repeatable(plan, service, answered[-1])
        yield from speed(plan, answered)
    yield memory(plan, service)


def cold_start(plan: Plan, service: Service, picture: Picture) -> Finding:
    """Seconds from the start to the first answer."""
    body = client_rules.request_body(picture)
    path = f"/{plan.endpoint.strip('/')}"
    while True:
        reply = service.ask(path, body, timeout_s=plan.rules.request_timeout_s)
        seconds = time.monotonic() - service.started
        if reply.status == 200:
            return Finding(
                "ok", "Cold start", f"{seconds:.1f} s from the start to the first answer"
            )
        passing = reply.status in (0, *client_rules.TRANSIENT)
        if not passing or seconds > plan.start_s or not service.facts().alive:
            what = reply.error or f"status {reply.status}"
            text = f"no answer after {seconds:.0f} s ({what}). Its log ends:\n{service.log()}"
            return Finding("fail", "Cold start", text)
        time.sleep(0.2)


def offline(service: Service) -> Finding:
    if service.facts().cut:
        return Finding("ok", "Offline", f"{service.kind} started and answered without a network")
    text = "this machine does not let us cut the network; it was there all the time."
    return Finding("note", "Offline", text)


def repeatable(plan: Plan, service: Service, before: Outcome) -> Finding:
    again = client_rules.ask(service, plan.endpoint, before.picture, plan.rules, math.inf)
    pairs = zip(before.logprobs, again.logprobs, strict=False)
    if again.fault or any(abs(a - b) > SAME for a, b in pairs):
        text = f"{before.picture.name} got another answer the second time"
        return Finding("note", "Repeatable", text)
    return Finding("ok", "Repeatable", "the same picture gets the same answer")


def speed(plan: Plan, outcomes: list[Outcome]) -> list[Finding]:
    """Latency over all pictures, and what the usual ones mean for a whole evaluation."""
    times = sorted(outcome.seconds for outcome in outcomes)
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    rank = math.ceil(0.95 * len(times)) - 1
    text = (
        f"median {median(times):.2f} s, 95 % within {times[rank]:.2f} s, longest "
        f"{times[-1]:.2f} s ({slowest.picture.name})"
    )
    usual = [o.seconds for o in outcomes if o.picture.usual] or times
    each, total = mean(usual), plan.rules.total_timeout_s
    hours = each * plan.count / 3600
    projection = (
        f"at {each:.2f} s for an ordinary picture on this machine, {plan.count} pictures take "
        f"{hours:.1f} h one after the other; the default limit of {total / 3600:g} h is enough for "
        f"{int(total / each)}"
    )
    level: project.Level = "ok" if each * plan.count <= total else "note"
    return [Finding("ok", "Latency", text), Finding(level, "Evaluation", projection)]


def memory(plan: Plan, service: Service) -> Finding:
    used = service.facts().memory
    if not used:
        return Finding("note", "Peak memory", "unknown on this system")
    text = f"{used / 2**20:.0f} MiB"
    if plan.memory and used > trial.in_bytes(plan.memory):
        return Finding("fail", "Peak memory", f"{text}, more than the {plan.memory} asked for")
    return Finding("ok", "Peak memory", text)
