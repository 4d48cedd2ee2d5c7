"""From an examination to files in Gradio's temporary folder: what the viewer shows and offers."""

from __future__ import annotations

import base64
import itertools
import re
from pathlib import Path

from gradio.data_classes import FileData
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from demo import overlay
from demo.card import MAX_REGIONS
from demo.components import Box, View
from demo.examine import Examination
from demo.orientation import upright, upright_box
from demo.words import WHOLE, headline, reasons, whereabouts

_serials = itertools.count(1)


def no_view() -> View:
    """A view of nothing, which still counts as an answer."""
    return View(serial=next(_serials))


def view(examination: Examination) -> View:
    """Draw what the viewer needs; its layers, sliders and boxes work on that alone."""
    verdict, turn = examination.verdict, examination.orientation
    examined = examination.analysis.step != "prior"
    height, width = examination.image.shape[:2]
    picture, suffix = overlay.picture(examination.image, turn)
    words = headline(verdict.probabilities, examination.analysis.step)
    mask = None if verdict.mask is None else upright(verdict.mask, turn)
    view = View(
        picture=store(picture, f"picture{suffix}"),
        empty=whereabouts(mask, verdict.label) if examined else "Nothing was measured.",
        width=height if turn >= 5 else width,
        height=width if turn >= 5 else height,
        orientation=turn,
        alt=f"{examination.name}: {words.text}",
        serial=next(_serials),
    )
    reliability = examination.reliability
    view.reliability = store(overlay.levels(reliability.score, turn), "reliability.png")
    view.reasons = " ".join(reasons(reliability))
    if verdict.mask is not None and examined:
        view.mask = store(overlay.mask_only(verdict.mask, turn), "mask.png")
        view.marked = bool(verdict.mask.any())
        view.boxes = _boxes(examination)
    if verdict.manipulation is not None and examined:
        view.soft = store(overlay.soft(verdict.manipulation, turn), "map.png")
        view.threshold = verdict.threshold
    return view


def _boxes(examination: Examination) -> list[Box]:
    boxes = []
    for region in examination.regions[:MAX_REGIONS]:
        if region.share >= WHOLE:
            continue
        top, left, bottom, right = upright_box(region.box, examination.orientation)
        boxes.append(Box(left=left, top=top, right=right, bottom=bottom))
    return boxes


def downloads(examination: Examination) -> tuple[str | None, str]:
    """Paths of the mask at stored size, as the API gives it, and of the API's response."""
    answer = examination.verdict.to_response()
    stem = re.sub(r"[^\w-]+", "-", Path(examination.name).stem).strip("-")[:60] or "picture"
    mask = None
    if answer.localizationMask is not None:
        data = base64.b64decode(answer.localizationMask.data)
        mask = store(data, f"{stem}-mask.png").path
    response = answer.model_dump_json(indent=2).encode()
    return mask, store(response, f"{stem}-response.json").path


def store(data: bytes, name: str) -> FileData:
    """Write into Gradio's temporary folder, which `delete_cache` sweeps."""
    path = save_bytes_to_cache(data, name, get_upload_folder())
    return FileData(path=path, orig_name=name)
