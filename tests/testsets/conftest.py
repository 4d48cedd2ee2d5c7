from __future__ import annotations

from collections.abc import Iterator

import pytest

from testsets import sources


@pytest.fixture(scope="session", autouse=True)
def few_plates() -> Iterator[None]:
    """Two scenes instead of 36: each takes seconds to trace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "PLATES", 2)
        yield
