"""The cards beside the picture: verdict and bars; limits and facts. Plain HTML, no script."""

from __future__ import annotations

from html import escape

import numpy as np
from PIL import Image

from demo.examine import Examination
from demo.orientation import upright
from demo.words import (
    CAVEAT,
    LIMITS,
    MEANINGS,
    NAMES,
    WHOLE,
    headline,
    percent,
    reasons,
    region_words,
    step_note,
    whereabouts,
)
from detector.contract import Labels

# The page's script opens the tab that a button names.
NEXT = (
    '<p class="es-next">Check it yourself:'
    + "".join(
        f' <button type="button" data-tab="{tab.lower()}">{tab}</button>'
        for tab in ("Evidence", "Provenance", "Report")
    )
    + "</p>"
)
MAX_REGIONS = 8  # listed and boxed: more of them is a pattern, not a list
MOSTLY = 0.5  # of the marked area: above it a warning about its pixels is due
STEPS = {"full": "full", "reduced": "reduced", "prior": "not examined"}


def verdict_card(examination: Examination) -> str:
    """What is claimed, how surely, and where."""
    analysis, verdict = examination.analysis, examination.verdict
    words = headline(verdict.probabilities, analysis.step)
    mask = None if verdict.mask is None else upright(verdict.mask, examination.orientation)
    where = (
        "" if analysis.step == "prior" else whereabouts(mask, verdict.label, examination.suspicious)
    )
    damage = "" if examination.damage is None else examination.damage.words
    notes = [note for note in (damage, step_note(analysis.step), _caution(examination)) if note]
    number = f'<span class="es-percent">{words.percent}</span>' if words.percent else ""
    return (
        f'<section class="es-card" data-tone="{words.tone}" role="status">'
        '<h2 class="es-label">Verdict</h2>'
        f'<p class="es-headline"><span>{escape(words.text)}</span>{number}</p>'
        f'<p class="es-detail">{escape(words.detail)} {escape(where)}</p>'
        + "".join(f'<p class="es-note">{escape(note)}</p>' for note in notes)
        + ("" if analysis.step == "prior" else _bars(examination) + _regions(examination))
        + f'<p class="es-caveat">{CAVEAT}</p>{NEXT}</section>'
    )


def problem_card(message: str) -> str:
    """The card for a file that cannot be judged; `message` is one sentence."""
    return (
        '<section class="es-card" data-tone="problem" role="alert">'
        '<h2 class="es-label">No verdict</h2>'
        f'<p class="es-headline"><span>{escape(message)}</span></p>'
        '<p class="es-detail">JPEG, PNG, WebP, AVIF and BMP pictures can be read.</p>'
        "</section>"
    )


def opening_card() -> str:
    """The card before there is a picture: which answers there are."""
    rows = "".join(
        f"<div><dt>{NAMES[label]}</dt><dd>{MEANINGS[label]}</dd></div>" for label in Labels
    )
    return (
        '<section class="es-card" data-tone="idle">'
        '<h2 class="es-label">What it answers</h2>'
        '<p class="es-lead">Four possible answers, each with a probability, and a map of the '
        "pixels held to be altered.</p>"
        f'<dl class="es-answers">{rows}</dl><p class="es-caveat">{CAVEAT}</p></section>'
    )


def notes_card(examination: Examination | None = None) -> str:
    """The limits, always; and what was examined, by which detector, once something was."""
    facts = "" if examination is None else _reliability(examination) + _facts(examination)
    return (
        '<section class="es-card es-notes"><h2 class="es-label">How far to trust it</h2>'
        f'<p class="es-limits">{LIMITS}</p>{facts}</section>'
    )


def _bars(examination: Examination) -> str:
    rows = []
    probabilities = examination.verdict.probabilities
    for label in Labels:
        value = float(probabilities[label])
        top = " es-top" if label is examination.verdict.label else ""
        rows.append(
            f'<li class="es-bar{top}"><span class="es-bar-name">{NAMES[label]}'
            f"<small>{label.name}</small></span>"
            f'<span class="es-bar-value">{percent(value)}</span>'
            f'<span class="es-bar-track" aria-hidden="true">'
            f'<span style="width:{value * 100:.2f}%"></span></span></li>'
        )
    return f'<ul class="es-bars" aria-label="Probabilities">{"".join(rows)}</ul>'


def _regions(examination: Examination) -> str:
    """The regions as buttons; the viewer listens for clicks on `data-region`."""
    regions = examination.regions
    if not regions or regions[0].share >= WHOLE:
        return ""
    rows = []
    for number, region in enumerate(regions[:MAX_REGIONS]):
        where, size = region_words(region, examination.orientation)
        rows.append(
            f'<li><button type="button" class="es-region" data-region="{number}" '
            f'aria-pressed="false"><b>{number + 1}</b><span>{escape(where)}</span>'
            f"<small>{escape(size)}</small></button></li>"
        )
    rest = len(regions) - len(rows)
    more = f'<p class="es-more">and {rest} smaller</p>' if rest > 0 else ""
    return (
        f'<div class="es-regions"><h3 class="es-label">Marked regions</h3>'
        f"<ol>{''.join(rows)}</ol>{more}</div>"
    )


def _caution(examination: Examination) -> str:
    """A warning where what is marked lies mostly on pixels that say too little."""
    mask = examination.verdict.mask
    if mask is None or examination.analysis.step == "prior" or not mask.any():
        return ""
    score = examination.reliability.score
    size = score.shape[::-1]
    covered = Image.fromarray(mask.view("uint8") * 255).resize(size, Image.Resampling.BOX)
    weight = np.asarray(covered, dtype=np.float32)
    total = float(weight.sum())
    doubtful = float(weight[score < 0.5].sum()) / total if total else 0.0
    if doubtful < MOSTLY:
        return ""
    return (
        f"{doubtful * 100:.0f} % of what is marked lies where the pixels say little "
        "(layer Reliability): trust it less."
    )


def _reliability(examination: Examination) -> str:
    sentences = " ".join(reasons(examination.reliability))
    return f'<p class="es-reasons">{escape(sentences)}</p>' if sentences else ""


def _facts(examination: Examination) -> str:
    height, width = examination.image.shape[:2]
    analysis = examination.analysis
    size = f"{width} \u00d7 {height} px"
    if examination.orientation != 1:
        size += " stored, shown upright"
    facts = {
        "File": examination.name,
        "Size": size,
        "Time": f"{analysis.seconds:.1f} s" if analysis.seconds >= 0.1 else "under 0.1 s",
        "Resolution": STEPS[analysis.step],
        "Model": examination.model,
    }
    rows = "".join(f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    return f'<dl class="es-facts">{rows}</dl>'
