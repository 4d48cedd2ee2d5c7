"""The SDK's own local platform drives a service; it is no part of the set-up, since it is large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from submission.inputs import Picture

local_platform = pytest.importorskip("submission.local_platform", exc_type=ImportError)
PICTURES = [Picture(name, b"bytes", "image/png", (1, 1)) for name in ("a", "b", "c")]


def test_from_table_to_table(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        return {"logprobs": [-1.0] * 4, "localizationMask": None}

    assert local_platform.evaluate(PICTURES, "detect", ask, tmp_path) == 3
    assert [request["_index_"] for request in asked] == [0, 1, 2]
    assert asked[0]["image"] == {"mediaType": "image/png", "data": "Ynl0ZXM="}


def test_an_answer_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(pa.ArrowException):
        local_platform.evaluate(PICTURES, "detect", lambda _: {"logprobs": "none"}, tmp_path)
