"""JSON schemas of what components take and give."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import BaseModel


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON schema, the caller's own copy.

    Gradio asks every component whenever a page is opened, on the thread that answers all requests;
    made anew each time, our schemas alone held it up for 30 ms.
    """
    copy: dict[str, Any] = json.loads(_written(model))
    return copy


@cache
def _written(model: type[BaseModel]) -> str:
    return json.dumps(model.model_json_schema())
