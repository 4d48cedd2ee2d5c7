"""Worked examples for the API's documentation: requests that can be sent as they are."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from detector.contract import BinaryMask, ImageRequest, Labels, PredictionResponse
from web.problems import KINDS, ErrorBody, ErrorDetail

SIZE = (48, 64)  # height, width: small enough to read the base64 on one screen
PROBABILITIES = (0.06, 0.02, 0.83, 0.09)  # made up, in the order of Labels


def request_example() -> dict[str, Any]:
    """A body for `POST /predict`: a grey ramp with a square pasted into it."""
    pixels = np.broadcast_to(np.linspace(0, 255, SIZE[1], dtype=np.uint8), SIZE).copy()
    pixels[16:32, 24:40] = 200
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return ImageRequest.from_bytes(buffer.getvalue()).model_dump()


def response_example() -> dict[str, Any]:
    """An answer of `POST /predict` in form; its numbers are made up."""
    mask = np.zeros(SIZE, dtype=bool)
    mask[16:32, 24:40] = True
    logprobs = np.log(PROBABILITIES).round(4).tolist()
    response = PredictionResponse(logprobs=logprobs, localizationMask=BinaryMask.from_numpy(mask))
    return response.model_dump()


def error_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for error codes, one named example each."""
    responses: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        kind = KINDS[code]
        example = ErrorBody(error=ErrorDetail(code=code, message=kind.example)).model_dump()
        response = responses.setdefault(
            kind.status, {"model": ErrorBody, "content": {"application/json": {"examples": {}}}}
        )
        response["content"]["application/json"]["examples"][code] = {"value": example}
    for response in responses.values():
        names = response["content"]["application/json"]["examples"]
        response["description"] = " / ".join(f"`{name}`" for name in names)
    return responses


def label_table() -> str:
    """The labels as a Markdown table, for the documentation of `logprobs`."""
    rows = (f"| {label.value} | {label.name} |" for label in Labels)
    return "\n".join(("| index | label |", "| --- | --- |", *rows))
