"""What an engine tells whoever watches it, such as the metrics; the engine knows none of them."""

from __future__ import annotations

from typing import Literal

Stage = Literal["decode", "queue", "model", "encode"]
Step = Literal["full", "reduced", "prior"]


class Observer:
    """Watches an engine and sees nothing; subclasses override what they want to hear of.

    Called from any thread, on the way of a request: be quick and raise nothing.
    """

    def stage(self, stage: Stage, seconds: float) -> None:
        """A request has spent this long in a stage."""

    def answered(self, step: Step) -> None:
        """A picture was answered for at this step; anything but "full" is a fallback."""

    def restarted(self, reason: str) -> None:
        """A worker process was replaced; `reason` is one of `isolation.worker.Reason`."""
