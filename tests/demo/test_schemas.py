from __future__ import annotations

from unittest.mock import patch

from pydantic import BaseModel

from demo.schemas import schema


class Point(BaseModel):
    x: int


def test_a_schema_is_made_once_and_each_caller_has_its_own() -> None:
    first = schema(Point)
    assert first == Point.model_json_schema()
    first.clear()
    with patch.object(Point, "model_json_schema", side_effect=AssertionError):
        assert schema(Point)["properties"]["x"]["type"] == "integer"
