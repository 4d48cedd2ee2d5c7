"""What a report says, apart from how it looks."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass

import numpy as np

from demo import overlay
from demo.card import STEPS
from demo.examine import Examination
from demo.orientation import upright
from demo.report.figure import Figure, chart, photo, reduced
from demo.report.name import safe_name
from demo.words import (
    CAVEAT,
    LIMITS,
    NAMES,
    headline,
    percent,
    reasons,
    region_words,
    step_note,
    whereabouts,
)
from detector.contract import Labels
from detector.evidence import VIEWS, run_all
from provenance import Provenance, read
from provenance.fact import Fact
from provenance.record import Section

PICTURE_SIDE = 1200  # pixels: sharp on half a page of paper
EXHIBIT_SIDE = 900  # pixels: fifteen of them keep the report at a few megabytes
THUMBNAIL_SIDE = 320
MAX_REGIONS = 12  # the rest is counted
EVIDENCE_S = 20.0  # seconds after which no further view is begun
METHOD = (
    "A neural network looked at the pixels alone: file name, date, camera and everything else that "
    "the file says of itself were not used for the verdict. The probabilities were calibrated on "
    "pictures of known origin, and are less to be relied on for pictures unlike those.",
    "The marked area is where the network holds pixels to be altered. Its outline is coarse.",
    "The exhibits are classical views of the same pixels, made for eyes; each misleads in its own "
    "way, as said beside it. The verdict is found without them, but the detector too looks for "
    "areas copied within a picture, by the same method as the exhibit of copy-move matches.",
    "What the file says of itself can be forged or removed by anyone.",
)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One view of the pixels.

    Attributes:
        title, read, misleads: as the view says.
        caption: what was measured.
        warnings: what weakens it for this picture.
        picture: what is to be seen, if anything.
        chart: what was counted, if anything.
    """

    title: str
    read: str
    misleads: str
    caption: str
    warnings: tuple[str, ...]
    picture: Figure | None
    chart: Figure | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One answer and its probability, 0..1."""

    name: str
    label: str
    value: float
    shown: str
    top: bool


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report shows, ready to be set."""

    program: str
    name: str
    made: str
    tone: str
    headline: str
    percent: str
    detail: str
    where: str
    note: str
    bars: tuple[Bar, ...]
    picture: Figure
    marked: Figure | None
    heat: Figure | None
    regions: tuple[Fact, ...]
    reliability: tuple[str, ...]
    exhibits: tuple[Exhibit, ...]
    unseen: int
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    thumbnails: tuple[Figure, ...]
    facts: tuple[Fact, ...]
    response: str
    short_response: str
    command: str
    caveat: str = CAVEAT
    limits: str = LIMITS
    method: tuple[str, ...] = METHOD


def gather(examination: Examination, data: bytes, program: str, command: str) -> Report:
    """Collect everything; this is where the time goes.

    Args:
        examination: of the picture.
        data: its file, bytes untouched.
        program: name and version of this program.
        command: for a shell, which asks the API about the same file.
    """
    verdict, turn = examination.verdict, examination.orientation
    image, step = examination.image, examination.analysis.step
    words = headline(verdict.probabilities, step)
    found = read(data, image)
    damage = "" if examination.damage is None else examination.damage.words
    exhibits = _exhibits(examination, data)
    mask = None if verdict.mask is None or step == "prior" else verdict.mask
    small = np.asarray(reduced(image, PICTURE_SIDE))  # once: it reads every pixel
    marked = heat = None
    if mask is not None and mask.any():
        layer = overlay.marked(mask, turn)
        marked = photo(small, "What is marked as altered", PICTURE_SIDE, turn, layer)
    if verdict.manipulation is not None and step != "prior":
        layer = overlay.heat(verdict.manipulation, image.shape[:2], turn)
        caption = "How strongly, from dark (not at all) to bright"
        heat = photo(small, caption, PICTURE_SIDE, turn, layer)
    response = verdict.to_response().model_dump_json(indent=2)
    name = safe_name(examination.name)
    return Report(
        program=program,
        name=name,
        made=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        tone=words.tone,
        headline=words.text,
        percent=words.percent,
        detail=words.detail,
        where=_where(examination),
        note=" ".join(filter(None, (damage, step_note(step)))),
        bars=_bars(examination),
        picture=photo(small, "The picture", PICTURE_SIDE, turn),
        marked=marked,
        heat=heat,
        regions=_regions(examination),
        reliability=tuple(reasons(examination.reliability)),
        exhibits=exhibits,
        unseen=len(VIEWS) - len(exhibits),
        summary=found.summary,
        sections=found.sections(),
        thumbnails=_thumbnails(found, turn),
        facts=_facts(examination, found, program),
        response=response,
        short_response=_shortened(response),
        command=command,
    )


def _where(examination: Examination) -> str:
    if examination.analysis.step == "prior":
        return ""
    mask = examination.verdict.mask
    seen = None if mask is None else upright(mask, examination.orientation)
    return whereabouts(seen, examination.verdict.label, examination.suspicious)


def _bars(examination: Examination) -> tuple[Bar, ...]:
    verdict = examination.verdict
    values = {label: float(verdict.probabilities[label]) for label in Labels}
    return tuple(
        Bar(NAMES[label], label.name, value, percent(value), label is verdict.label)
        for label, value in values.items()
    )


def _regions(examination: Examination) -> tuple[Fact, ...]:
    regions = examination.regions
    rows = [Fact(*region_words(region, examination.orientation)) for region in regions]
    rest = len(rows) - MAX_REGIONS
    return (*rows[:MAX_REGIONS], *([Fact("And", f"{rest} smaller ones")] if rest > 0 else []))


def _exhibits(examination: Examination, data: bytes) -> tuple[Exhibit, ...]:
    made = []
    for view, exhibit in run_all(examination.image, data, EVIDENCE_S):
        picture = drawing = None
        if exhibit.image is not None:
            picture = photo(exhibit.image, "", EXHIBIT_SIDE, examination.orientation)
        if exhibit.chart is not None:
            drawing = chart(exhibit.chart, "", EXHIBIT_SIDE)
        words = view.title, view.read, view.misleads, exhibit.caption, exhibit.warnings
        made.append(Exhibit(*words, picture, drawing))
    return tuple(made)


def _thumbnails(found: Provenance, orientation: int) -> tuple[Figure, ...]:
    small = found.thumbnail
    if small is None or not small.differs:
        return ()
    return (
        photo(small.image, "The small copy inside the file", THUMBNAIL_SIDE, orientation),
        photo(small.reduced, "The picture, as small", THUMBNAIL_SIDE, orientation),
    )


def _facts(examination: Examination, found: Provenance, program: str) -> tuple[Fact, ...]:
    height, width = examination.image.shape[:2]
    turned = "" if examination.orientation == 1 else ", stored turned; shown upright here"
    return (
        Fact("File", safe_name(examination.name)),
        Fact("SHA-256", found.container.sha256),
        Fact("Type and size", f"{found.container.format}, {found.container.size} bytes"),
        Fact("Pixels", f"{width} \u00d7 {height}{turned}"),
        Fact("Model", examination.model or "unnamed"),
        Fact("Program", program),
        Fact("Examined at", f"{STEPS[examination.analysis.step]} resolution"),
        Fact("Time taken", f"{examination.analysis.seconds:.1f} s"),
    )


def _shortened(response: str) -> str:
    """The response with the mask's data cut, for paper."""
    answer = json.loads(response)
    if mask := answer.get("localizationMask"):
        mask["data"] = f"{mask['data'][:24]}\u2026 ({len(mask['data'])} characters)"
    return json.dumps(answer, indent=2, ensure_ascii=False)
