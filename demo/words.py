"""The verdict in words a layman reads right: what is claimed, how surely, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from demo.orientation import upright_box
from detector.contract import Labels
from detector.regions import Region
from detector.reliability import Reliability

Step = Literal["full", "reduced", "prior"]
Tone = Literal["alert", "calm", "plain", "unsure"]

SURE = 0.85  # above it "very likely": at least six to one
LIKELY = 0.6  # above it "probably"; below it two answers in five are wrong: undecided
SPREAD = 0.6  # marked area reaching over this share of both sides is "spread over the picture"
THIRDS = (0.38, 0.62)  # a centre of gravity between them is neither left nor right
WHOLE = 0.98  # a mask covering more is a claim about the picture as a whole
WORTH_A_WORD = 0.05  # shares of a picture below it hardly matter to its verdict

NAMES = {
    Labels.Natural: "Unaltered photo",
    Labels.FullySynthesized: "Wholly AI-generated",
    Labels.LocallyEdited: "Edited in part",
    Labels.LocallySynthesized: "Partly redrawn by AI",
}
MEANINGS = {
    Labels.Natural: "no sign of alteration was found",
    Labels.FullySynthesized: "the whole picture comes from a generator",
    Labels.LocallyEdited: "something was pasted, cloned, removed or retouched",
    Labels.LocallySynthesized: "a region was filled in by a generative model",
}
_CLAIMS = {
    Labels.Natural: "an unaltered photo",
    Labels.FullySynthesized: "wholly AI-generated",
    Labels.LocallyEdited: "edited in part",
    Labels.LocallySynthesized: "partly redrawn by AI",
}
CAVEAT = "A statistical indication, not proof."
LIMITS = (
    "The detector can miss an alteration and can accuse a genuine photo, above all when a picture "
    "is small, heavily compressed, screenshotted or filtered. Never decide on this alone: look "
    "for the source and for other copies."
)
GUIDE = {  # what each tab is for
    "Evidence": "Views of the pixels by classical means, to check the verdict with your own eyes.",
    "Provenance": "What the file says of itself: camera, software, thumbnails, signatures.",
    "Report": "All of it on paper: PDF and HTML, with the limits in plain words.",
    "Compare": "The original beside the suspect: what differs between them.",
    "Batch": "Many files or a zip at once, as a table.",
    "API": "The same questions from your own programs.",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """What is said first.

    Attributes:
        text: the claim, without its number.
        percent: its probability as shown, e.g. `83 %`; empty where there is none to claim, as for
            "no sign of editing found", which is no claim that the photo is authentic.
        detail: one or two sentences on what the claim means.
        tone: how it should look: "alert" for an alteration, "calm" where no sign of one was found,
            "plain" where that is not so sure, "unsure" where nothing is claimed.
    """

    text: str
    percent: str
    detail: str
    tone: Tone

    @property
    def uncertain(self) -> bool:
        """Whether the page must look undecided."""
        return self.tone == "unsure"


def headline(probabilities: NDArray[np.float64], step: Step) -> Headline:
    """Put four probabilities (in the order of `Labels`, sum 1) into words."""
    if step == "prior":
        return Headline(
            "No answer for this picture",
            "",
            "It could not be examined, so there is nothing to say about it.",
            "unsure",
        )
    first, second = (Labels(int(i)) for i in np.argsort(-probabilities, kind="stable")[:2])
    top, next_best = float(probabilities[first]), float(probabilities[second])
    altered = 1.0 - float(probabilities[Labels.Natural])
    leading = f"{_CLAIMS[first]} ({percent(top)})"
    runner_up = f"{_CLAIMS[second]} ({percent(next_best)})"
    if first is Labels.Natural and top >= LIKELY:
        return _natural(top, runner_up)
    if top >= LIKELY:
        adverb = "Very likely" if top >= SURE else "Probably"
        detail = f"The traces suggest that {MEANINGS[first]}."
        if top < SURE:
            detail += f" Next likeliest: {runner_up}."
        return Headline(f"{adverb} {_CLAIMS[first]}", percent(top), detail, "alert")
    if first is not Labels.Natural and altered >= LIKELY:
        return Headline(
            "Probably altered, but how is undecided",
            percent(altered),
            f"Likeliest: {leading}; next: {runner_up}.",
            "unsure",
        )
    return Headline(
        "Undecided",
        "",
        f"Likeliest: {leading}; next: {runner_up}. Neither is likely enough to count: "
        "this speaks neither for the picture nor against it.",
        "unsure",
    )


def _natural(probability: float, runner_up: str) -> Headline:
    """Not finding a trace is no proof that there is none: nothing is called authentic."""
    if probability >= SURE:
        return Headline(
            "No sign of editing found",
            "",
            f"Of the four answers \u201cunaltered\u201d is by far the likeliest "
            f"({percent(probability)}). Careful editing can leave no trace that is found: "
            "this does not prove the photo authentic.",
            "calm",
        )
    return Headline(
        "No clear sign of editing, but not sure",
        "",
        f"\u201cUnaltered\u201d is the likeliest answer ({percent(probability)}), "
        f"next: {runner_up}. Do not take it for authentic on this alone.",
        "plain",
    )


def percent(probability: float) -> str:
    """A whole number of per cent that never claims certainty."""
    if probability > 0.99:
        return "> 99 %"
    if probability < 0.01:
        return "< 1 %"
    return f"{probability * 100:.0f} %"


def whereabouts(mask: NDArray[np.bool_] | None, label: Labels, suspicious: bool = False) -> str:
    """One sentence on where `mask`, (H, W) as the reader sees it, is set.

    Args:
        mask: None where the detector does not localise.
        label: the likeliest.
        suspicious: whether the heat map passes the threshold somewhere.
    """
    if mask is None:
        return "This detector does not say where."
    share = float(mask.mean())
    if share >= WHOLE:
        return "The claim is about the picture as a whole."
    if share == 0.0:
        if label is Labels.Natural:
            if suspicious:
                return "No area is marked, but look where the heat map is bright."
            return "No area is marked."
        return "No single area stands out enough to be marked."
    amount = "less than 1 %" if share < 0.01 else f"about {share * 100:.0f} %"
    return f"Marked: {amount} of the picture, {_place(mask)}."


def reasons(reliability: Reliability) -> list[str]:
    """Sentences on where the pixels themselves carry no verdict; empty if nothing is against it."""
    sentences = []
    if reliability.small > 0:
        word = "too small to judge well" if reliability.small > 0.5 else "small: traces are few"
        sentences.append(f"The picture is {word}.")
    for share, what in (
        (reliability.flat, "too flat to judge: no grain is left to compare"),
        (reliability.clipped, "clipped to pure black or white"),
        (reliability.compressed, "too heavily compressed: blocks hide finer traces"),
    ):
        if share >= WORTH_A_WORD:
            amount = "Almost all" if share > 0.95 else f"{share * 100:.0f} %"
            sentences.append(f"{amount} of the picture is {what}.")
    return sentences


def region_words(region: Region, orientation: int) -> tuple[str, str]:
    """Where a region lies as the reader sees it, and how large it is, with the map's mean."""
    share = "under 0.1 %" if region.share < 0.001 else f"{region.share * 100:.2g} %"
    score = "" if region.score is None else f", mean score {region.score:.2f}"
    where = place(upright_box(region.box, orientation))
    return where[0].upper() + where[1:], f"{share} of the picture{score}"


def step_note(step: Step) -> str:
    """What to know about an answer that was not made at full resolution; empty if it was."""
    if step == "reduced":
        return "Examined at reduced size to answer in time: small alterations may have been missed."
    if step == "prior":
        return (
            "The detector did not finish in time; the response holds its averages over all "
            "pictures. Try again, or try a smaller copy."
        )
    return ""


def place(box: tuple[float, float, float, float]) -> str:
    """Where a box lies: top, left, bottom, right as shares of height and width."""
    top, left, bottom, right = box
    if bottom - top > SPREAD and right - left > SPREAD:
        return "most of the picture"
    return _position((top + bottom) / 2, (left + right) / 2)


def _place(mask: NDArray[np.bool_]) -> str:
    vertical = _centre_and_extent(mask.mean(axis=1))
    horizontal = _centre_and_extent(mask.mean(axis=0))
    if vertical[1] > SPREAD and horizontal[1] > SPREAD:
        return "spread over it"
    return _position(vertical[0], horizontal[0])


def _position(vertical: float, horizontal: float) -> str:
    row = _third(vertical, ("upper", "", "lower"))
    column = _third(horizontal, ("left", "", "right"))
    if row and column:
        return f"{row} {column}"
    return {"upper": "at the top", "lower": "at the bottom"}.get(
        row, f"on the {column}" if column else "in the middle"
    )


def _third(position: float, names: tuple[str, str, str]) -> str:
    return names[0] if position < THIRDS[0] else names[2] if position > THIRDS[1] else names[1]


def _centre_and_extent(profile: NDArray[np.floating]) -> tuple[float, float]:
    """Median position, and the extent holding the middle nine tenths, both 0..1."""
    cumulative = np.cumsum(profile) / profile.sum()
    low, middle, high = np.searchsorted(cumulative, (0.05, 0.5, 0.95))
    return (float(middle) + 0.5) / len(profile), float(high - low + 1) / len(profile)
