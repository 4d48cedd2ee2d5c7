"""The tab that compares two pictures: both verdicts, how they lie to one another, what differs."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from demo.comparison import Comparison, compare
from demo.examine import Examination, Problem, examine
from demo.orientation import upright
from demo.pair import PairView, amplified, changed_mask, no_pair, pair
from demo.relation import finding, relation
from demo.sent import SentFiles
from demo.session import KEEP_S, Current, Session
from demo.view import store
from demo.words import CAVEAT, headline

PAIRS = 2  # visitors whose pictures are with the engine for this tab at a time
INTRO = (
    "Lays a suspect picture over an original, also when it was scaled, cropped, turned or "
    "mirrored, and shows what differs. What differs was changed in one of the two; which one, and "
    "whether it matters, this cannot tell. Without a first picture, the one above is taken."
)
Sent = list[tuple[Path, str]]
Examined = tuple[Examination, Examination]


def build(tab: gr.Tab, session: Session) -> None:
    """Lay out the tab; nothing is computed before its button is pressed."""
    examined = gr.State(None, time_to_live=KEEP_S)
    gr.HTML(f'<p class="es-lead">{INTRO}</p>', apply_default_css=False)
    with gr.Row(elem_id="es-compare-files"):
        # side by side where there is room for the files' names
        first = SentFiles(label="First: the original", height=120, min_width=300)
        second = SentFiles(label="Second: the suspect", height=120, min_width=300)
    button = gr.Button("Compare", variant="primary", elem_id="es-compare-button")
    card = gr.HTML("", apply_default_css=False, elem_id="es-comparison")
    view = PairView(elem_id="es-pair")

    def judge(current: Current | None, first: Sent, second: Sent) -> tuple[Any, ...]:
        try:
            if not second:
                raise Problem("Choose the second picture.")
            if not first and current is None:
                raise Problem("Choose the first picture, or show one on the page.")
            here = _judge(first, session) if first else _of(current)
            pictures = here, _judge(second, session)
        except Problem as problem:
            return _problem(str(problem)), no_pair(), None
        return _verdicts(pictures) + _waiting(), no_pair(), pictures

    def look(pictures: Examined | None) -> tuple[Any, ...]:
        if pictures is None:  # a problem is on the screen
            return gr.skip(), no_pair(), None  # Gradio cannot skip a component of our own
        comparison = _compare(pictures)
        shown = no_pair() if comparison is None else pair(comparison)
        return _verdicts(pictures) + _comparison(comparison), shown, None

    button.click(
        judge,
        [session.upload, first, second],
        [card, view, examined],
        show_progress="minimal",
        show_progress_on=card,
        api_visibility="private",
        concurrency_id="pairs",
        concurrency_limit=PAIRS,
    ).success(
        look,
        examined,
        [card, view, examined],
        show_progress="minimal",
        show_progress_on=card,
        api_visibility="private",
        concurrency_id="looking",
        concurrency_limit=1,
    )
    _endpoint(session)


def _endpoint(session: Session) -> None:
    """`compare` for gradio_client and agents, on parts that the page does not show."""

    def compare(original: Sent, suspect: Sent) -> tuple[dict[str, Any], str | None, str | None]:
        """Find out how a suspect picture was made from an original, and what was changed in it.

        Args:
            original: the picture held to be the original.
            suspect: the picture that may have been made from it.

        Returns:
            Both verdicts, how the pictures lie to one another and the share that differs; the
            difference, amplified (PNG); the mask of what was changed, in the suspect's frame (PNG).
        """
        try:
            if not original or not suspect:
                raise Problem("Send two pictures.")
            pictures = _judge(original, session), _judge(suspect, session)
        except Problem as problem:
            raise gr.Error(str(problem), print_exception=False) from problem
        comparison = _compare(pictures)
        if comparison is None:
            return _summary(pictures, None), None, None
        difference = store(amplified(comparison), "difference.png").path
        changed = store(changed_mask(comparison), "changed.png").path
        return _summary(pictures, comparison), difference, changed

    gr.Button(visible=False).click(
        compare,
        [
            SentFiles(label="original", visible=False),
            SentFiles(label="suspect", visible=False),
        ],
        [
            gr.JSON(label="comparison", visible=False),
            gr.File(label="difference", visible=False),
            gr.File(label="changed", visible=False),
        ],
        api_name="compare",
        concurrency_id="compare",
        concurrency_limit=1,
    )


def _judge(sent: Sent, session: Session) -> Examination:
    path, name = sent[0]
    return examine(path, name, session.engine, session.settings.max_pixels)


def _of(current: Current | None) -> Examination:
    if current is None:
        raise Problem("Choose the first picture, or show one on the page.")
    return current.examination


def _compare(pictures: Examined) -> Comparison | None:
    first, second = (upright(picture.image, picture.orientation) for picture in pictures)
    return compare(first.copy(), second.copy())


def _summary(pictures: Examined, comparison: Comparison | None) -> dict[str, Any]:
    alignment = comparison.alignment if comparison else None
    summary: dict[str, Any] = {
        "original": _verdict(pictures[0]),
        "suspect": _verdict(pictures[1]),
        "relation": relation(alignment),
        "aligned": comparison is not None,
        "note": CAVEAT,
    }
    if comparison is not None and alignment is not None:
        summary |= {
            "finding": finding(comparison),
            "identical": comparison.identical,
            "changed_share": round(comparison.share, 6),
            "scale": round(alignment.scale, 4),
            "kept_share": round(alignment.kept, 4),
            "matrix": alignment.matrix.round(6).tolist(),
            "boxes": [
                [round(side, 4) for side in region.box] for region in comparison.regions[:20]
            ],
        }
    return summary


def _verdict(picture: Examination) -> dict[str, Any]:
    words = headline(picture.verdict.probabilities, picture.analysis.step)
    return {
        "name": picture.name,
        "verdict": f"{words.text} {words.percent}".strip(),
        "label": picture.verdict.label.name,
        "probability": round(float(picture.verdict.probabilities.max()), 6),
    }


def _verdicts(pictures: Examined) -> str:
    cards = ""
    for place, picture in zip(("First", "Second"), pictures, strict=True):
        words = headline(picture.verdict.probabilities, picture.analysis.step)
        height, width = upright(picture.image, picture.orientation).shape[:2]
        cards += (
            f'<div><h3 class="es-label">{place}</h3>'
            f'<p class="es-twin-verdict">{escape(words.text)} {escape(words.percent)}</p>'
            f"<p>{escape(picture.name)}, {width} \u00d7 {height} px</p></div>"
        )
    return f"{_STYLE}<div class='es-twins'>{cards}</div>"


def _comparison(comparison: Comparison | None) -> str:
    tone = "unsure" if comparison is None else "alert" if comparison.regions else "calm"
    first = relation(comparison.alignment if comparison else None)
    second = ""
    if comparison is not None:
        height, width = comparison.second.shape[:2]
        second = f"{finding(comparison)} Compared at {width} \u00d7 {height} pixels."
    return (
        f'<section class="es-card" data-tone="{tone}" role="status">'
        f'<h2 class="es-label">How they lie to one another</h2>'
        f'<p class="es-detail"><strong>{escape(first)}</strong></p>'
        f'<p class="es-detail">{escape(second)}</p></section>'
    )


def _waiting() -> str:
    return '<p class="es-lead" role="status">Laying one over the other …</p>'


def _problem(message: str) -> str:
    return (
        '<section class="es-card" data-tone="problem" role="alert">'
        f'<p class="es-detail">{escape(message)}</p></section>'
    )


_STYLE = """<style>
.es-twins { display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: 12px; }
.es-twins > div { padding: 12px 16px; border: 1px solid var(--es-line); border-radius: 6px;
  background: var(--es-panel); font-size: 13.5px; overflow-wrap: anywhere; }
.es-twins p { margin: 3px 0 0; color: var(--es-muted); }
.es-twins .es-twin-verdict { font-size: 17px; font-weight: 650; color: var(--es-ink); }
.es-twins + * { margin-top: 12px; }
</style>"""
