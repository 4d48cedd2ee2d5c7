"""Which detector looks at a picture, where several are installed."""

from __future__ import annotations

import threading

from api import create_engine
from demo.examine import Problem
from detector.registry import available_models
from engine import Engine
from settings import Settings


class Detectors:
    """The page's own engine and at most one other, which is loaded when somebody asks for it.

    Args:
        engine: the service's own; never closed here.
        settings: says which models there are, and the limits for the other one too.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.default = settings.model_name
        self._engine = engine
        self._settings = settings
        self._other: tuple[str, Engine] | None = None
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        """What may be chosen, the service's own first."""
        others = available_models(self._settings.models_dir)
        return [self.default, *(name for name in others if name != self.default)]

    def engine(self, name: str) -> Engine:
        """The engine for a detector; another than the last one takes the last one's place.

        Raises:
            Problem: no detector goes by this name, or it cannot be loaded.
        """
        if name == self.default:
            return self._engine
        if name not in self.names:
            raise Problem("This detector is not installed.")
        with self._lock:
            if self._other is None or self._other[0] != name:
                if self._other is not None:  # first make room: never three models in memory
                    self._other[1].close()
                    self._other = None
                engine = create_engine(self._settings.model_copy(update={"model_name": name}))
                try:
                    engine.load()
                except Exception as error:
                    raise Problem(f"The detector {name} could not be loaded.") from error
                self._other = name, engine
            return self._other[1]

    def describe(self, name: str, engine: Engine) -> str:
        """The name with the model's version, as far as it tells it."""
        version = getattr(engine.service, "version", "")
        return f"{name}, version {version}" if version else name
