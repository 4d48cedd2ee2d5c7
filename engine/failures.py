"""Why an engine does not answer; whatever the detector does is not among them."""

from __future__ import annotations


class NotReady(Exception):
    """The model is not loaded yet, or failed to load."""


class Busy(Exception):
    """As many are waiting as the queue takes."""


class Abandoned(Exception):
    """Whoever asked has gone before it was their turn."""
