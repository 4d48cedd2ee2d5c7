"""All that is known of a run when it is over: what the terminal, the JSON and the report tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.accuracy import RESAMPLES, Accuracy, score
from scoring.diff import Difference
from scoring.results import Result
from scoring.run import Run
from scoring.statistics import Totals, totals


@dataclass(frozen=True)
class Findings:
    """A run and what follows from it.

    Attributes:
        service: the address that was asked.
        totals, accuracy: over `results`; no accuracy where no truth is known.
        compared: other runs beside this one.
        at_once: requests under way at a time.
        complete: whether every sample was asked for.
    """

    service: str
    results: Sequence[Result]
    totals: Totals
    accuracy: Accuracy | None
    compared: Sequence[Difference]
    at_once: int
    complete: bool

    @classmethod
    def of(
        cls,
        run: Run,
        compared: Sequence[Difference] = (),
        *,
        at_once: int = 1,
        complete: bool = True,
        resamples: int = RESAMPLES,
    ) -> Findings:
        """Count and score a run that has at least one result."""
        return cls(
            run.service,
            run.results,
            totals(run.results, run.duration_s),
            score(run.results, resamples),
            compared,
            at_once,
            complete,
        )
