"""Importing Gradio without the type stubs that it writes for editors.

It parses the sources of its components and writes a `.pyi` beside each, at every import: half of
the time that an import takes, for files that no server reads.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WRITER = "create_or_modify_pyi"  # in gradio.component_meta


@contextmanager
def no_stubs() -> Iterator[None]:
    """Within it, Gradio takes components for ones that are in no file and leaves them alone."""
    real = inspect.getfile

    def getfile(thing: Any) -> str:
        if sys._getframe(1).f_code.co_name == WRITER:
            raise OSError("no stubs, please")
        return real(thing)

    inspect.getfile = getfile  # type: ignore[assignment]  # typeshed spells its kinds out
    try:
        yield
    finally:
        inspect.getfile = real
