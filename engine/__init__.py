"""One engine for `/predict` and the page: loads the model, queues pictures, answers in time."""

from engine.core import Engine
from engine.failures import Abandoned, Busy, NotReady
from engine.ladder import Analysis, Service
from engine.observer import Observer, Stage, Step

__all__ = [
    "Abandoned",
    "Analysis",
    "Busy",
    "Engine",
    "NotReady",
    "Observer",
    "Service",
    "Stage",
    "Step",
]
