"""Sends the samples of many data sets to a service and judges what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio
from anyio.to_thread import run_sync

from scoring.client import Client, Unreachable
from scoring.datasets import DataSet
from scoring.results import Result, judge
from testsets.schema import Sample

LOST_AFTER = 5  # refused connections in a row: the service is gone, the rest need not be tried


@dataclass
class Run:
    """What was reached; filled while the run goes on, so that an interruption loses nothing.

    Attributes:
        service: the address that was asked.
        results: in the order of the answers.
        duration_s: from the first request to the last answer so far.
    """

    service: str
    results: list[Result] = field(default_factory=list)
    duration_s: float = 0.0
    _started: float = 0.0

    def start(self) -> None:
        self._started = time.monotonic()

    def add(self, result: Result) -> None:
        self.results.append(result)
        self.duration_s = time.monotonic() - self._started


async def ask_all(
    run: Run,
    client: Client,
    datasets: Sequence[DataSet],
    concurrency: int,
    *,
    exact: bool = False,
    progress: Callable[[Result], object] = lambda _: None,
) -> None:
    """Ask for every sample, `concurrency` at a time, into `run`.

    Reading samples and judging answers happens in threads, so that neither adds to the time that is
    measured of requests under way.

    Raises:
        Unreachable: the service is not there, or no longer.
        Exception: what reading a data set raised.
    """
    await client.knock()
    run.start()
    samples = (sample for dataset in datasets for sample in dataset.samples())
    turn = anyio.Lock()
    refused = 0
    trouble: list[Exception] = []  # not raised in the group, which would wrap it

    async def work() -> None:
        nonlocal refused
        while refused < LOST_AFTER and not trouble:
            async with turn:
                try:
                    sample = await run_sync(following, samples)
                except Exception as error:
                    trouble.append(error)
                    return
            if sample is None:
                return
            reply = await client.ask(sample.request, sample.content_type)
            refused = refused + 1 if reply.refused else 0
            result = await run_sync(partial(judge, sample, reply, exact=exact))
            run.add(result)
            progress(result)

    async with anyio.create_task_group() as group:
        for _ in range(concurrency):
            group.start_soon(work)
    if trouble:
        raise trouble[0]
    if refused >= LOST_AFTER:
        raise Unreachable(
            f"The service at {client.base} is gone: {refused} connections in a row were refused."
        )


def following(samples: Iterator[Sample]) -> Sample | None:
    """The next sample, or None after the last: StopIteration cannot leave a thread."""
    return next(samples, None)
