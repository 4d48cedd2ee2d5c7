"""Samples to look at: failures and confident mistakes, each as picture, truth and answer."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.contract import Labels
from detector.imaging import ImageError, decode
from scoring.contract_check import decode_mask
from scoring.datasets import DataSet
from scoring.printed import by_fault
from scoring.results import Result
from testsets.schema import Sample

SIDE = 200  # pixels: the longer side of a picture in the report
LEAST = 12  # pixels: the shorter side, so that 1 x 5000 is seen
MOST_PIXELS = 40_000_000  # a larger picture is not decoded for a thumbnail
EACH = 8  # failures shown of every kind
FAILURES = 80  # in all: some MB of report
MISTAKES = 12


class Panel(NamedTuple):
    """A small picture and what it is; `url` is empty where there is nothing to show."""

    name: str
    url: str


@dataclass(frozen=True)
class Card:
    """A sample as the report shows it."""

    result: Result
    truth: str
    verdict: str
    size: str
    panels: tuple[Panel, ...]


def failures(results: Sequence[Result]) -> list[Result]:
    """Up to `EACH` of every kind of fault, the most frequent kind first."""
    return [item for found in by_fault(results).values() for item in found[:EACH]][:FAILURES]


def mistakes(results: Sequence[Result]) -> list[Result]:
    """The wrong labels that the service was surest of, each input once."""
    wrong = {
        item.input_id or item.sample_id: item
        for item in results
        if item.logprobs and item.label is not None and item.answer != item.label
    }
    return sorted(wrong.values(), key=lambda item: -max(item.logprobs))[:MISTAKES]


def cards(chosen: Sequence[Result], datasets: Sequence[DataSet]) -> list[Card]:
    """Read the samples again and draw them; they are too large to be kept while a run goes on."""
    wanted = {item.sample_id: item for item in chosen}
    names = {item.dataset for item in chosen}
    found: dict[str, Card] = {}
    for dataset in datasets:
        if dataset.name not in names:
            continue
        for sample in dataset.samples():
            if sample.sample_id in wanted:
                found[sample.sample_id] = card(wanted[sample.sample_id], sample)
    return [found[item.sample_id] for item in chosen if item.sample_id in found]


def card(result: Result, sample: Sample) -> Card:
    verdict = ""
    if result.answer is not None:
        verdict = f"{result.answer.name} {math.exp(max(result.logprobs)):.0%}"
    size = f"{sample.width} x {sample.height}" if sample.width else ""
    panels = (
        Panel("picture", thumbnail(picture(sample.image))),
        Panel("true mask", thumbnail(mask(sample.mask))),
        Panel("answered mask", thumbnail(mask(result.mask))),
    )
    label = "" if sample.label is None else Labels(sample.label).name
    return Card(result, label, verdict, size, panels)


def picture(data: bytes | None) -> NDArray[np.uint8] | None:
    """(H, W, 3) uint8, or None where the bytes are no picture, or too large a one."""
    if data is None:
        return None
    try:
        return decode(data, MOST_PIXELS)
    except ImageError:
        return None


def mask(png: bytes | None) -> NDArray[np.uint8] | None:
    """(H, W) uint8, white where manipulated."""
    if png is None:
        return None
    try:
        return decode_mask(png).astype(np.uint8) * 255
    except ValueError:
        return None


def thumbnail(pixels: NDArray[np.uint8] | None) -> str:
    """A `data:` address of a small PNG or JPEG; tiny pictures are enlarged, thin ones widened."""
    if pixels is None:
        return ""
    image = Image.fromarray(pixels)
    scale = SIDE / max(image.size)
    size = tuple(max(LEAST, round(side * scale)) for side in image.size)
    grey = pixels.ndim == 2
    shrink = Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST
    image = image.resize((size[0], size[1]), shrink)
    buffer = io.BytesIO()
    if grey:
        image.save(buffer, "PNG", optimize=True)
        return data_url("image/png", buffer.getvalue())
    image.save(buffer, "JPEG", quality=85)
    return data_url("image/jpeg", buffer.getvalue())


def data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
