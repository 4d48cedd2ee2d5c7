"""Traces of the programs that made or changed a picture, as far as it names them itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from provenance.fact import clean

Kind = Literal["generator", "assistant", "editor", "camera", "converter"]

MAX_SOURCE = 20_000  # characters of a text that are searched; a workflow names its models early
MAX_QUOTE = 160  # characters of a text that are quoted

GENERATORS = {
    "Midjourney": r"midjourney",
    "DALL\u00b7E": r"dall[\s\u00b7-]?e\b",
    "OpenAI": r"openai|chatgpt|gpt-4o|gpt-image",
    "Adobe Firefly": r"firefly",
    "Google AI": r"made with google ai|google (?:gemini|imagen)|edited with google ai",
    "Microsoft Designer or Bing Image Creator": r"bing image creator|microsoft designer",
    "Stable Diffusion": r"stable[\s_-]?diffusion|dreamstudio|stability\.?ai|sd_?xl|sdxl",
    "ComfyUI": r"comfyui",
    "InvokeAI": r"invokeai",
    "NovelAI": r"novelai",
    "Fooocus": r"fooocus",
    "FLUX": r"black forest labs|flux[._-]?1|flux2",
    "Leonardo.Ai": r"leonardo\.ai",
    "Ideogram": r"ideogram",
    "Grok": r"\bgrok\b|\bxai\b|aurora \(xai\)",
    "Meta AI": r"imagined with ai|meta ai",
    "Recraft": r"recraft",
    "Krea": r"krea\.ai",
    "Draw Things": r"draw things",
}
EDITORS = {
    "Adobe Photoshop": r"photoshop",
    "Adobe Lightroom": r"lightroom",
    "Adobe Camera Raw": r"camera raw",
    "GIMP": r"\bgimp\b",
    "Affinity Photo": r"affinity",
    "Pixelmator": r"pixelmator",
    "Paint.NET": r"paint\.net",
    "Snapseed": r"snapseed",
    "Capture One": r"capture one",
    "darktable": r"darktable",
    "RawTherapee": r"rawtherapee",
    "PicsArt": r"picsart",
    "Facetune": r"facetune",
    "FaceApp": r"faceapp",
    "Canva": r"\bcanva\b",
    "Picasa": r"picasa",
    "Google Photos": r"google photos",
    "Windows Photo Gallery or Photos": r"windows photo|microsoft windows live photo",
    "Paint Shop Pro": r"paint ?shop",
    "ACDSee": r"acdsee",
    "PhotoScape": r"photoscape",
    "Luminar": r"luminar",
    "Topaz": r"topaz",
    "PhotoFiltre": r"photofiltre",
    "IrfanView": r"irfanview",
    "XnView": r"xnview",
    "Krita": r"\bkrita\b",
    "Inkscape": r"inkscape",
    "Meitu": r"meitu",
    "Remini": r"remini",
}
CONVERTERS = {
    "ImageMagick": r"imagemagick|www\.imagemagick\.org",
    "FFmpeg": r"\blavc\d|ffmpeg",
    "gd": r"creator: gd-jpeg",
    "Matplotlib": r"matplotlib",
    "a screenshot program": r"screenshot|screen capture",
    "Instagram": r"instagram",
    "Facebook": r"\bfbmd[0-9a-f]{8}",  # written into the IPTC instructions of every picture there
}
# Keywords of PNG texts that one program alone writes, whatever they hold.
KEYWORDS: dict[str, tuple[str, Kind]] = {
    "parameters": ("a Stable Diffusion program (AUTOMATIC1111 or like it)", "generator"),
    "workflow": ("ComfyUI", "generator"),
    "prompt": ("ComfyUI", "generator"),
    "invokeai_metadata": ("InvokeAI", "generator"),
    "sd-metadata": ("InvokeAI", "generator"),
    "Dream": ("InvokeAI", "generator"),
    "fooocus_scheme": ("Fooocus", "generator"),
    "generation_data": ("a Stable Diffusion program", "generator"),
}
# What A1111 and its like write; they put the same into a JPEG's or WebP's comment.
PARAMETERS = re.compile(r"\bSteps: \d+, .*\bSampler: ", re.DOTALL)
MIDJOURNEY_JOB = re.compile(r"\bJob ID: [0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
# The IPTC's vocabulary of digital source types, https://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPES: dict[str, tuple[str, Kind]] = {
    "trainedAlgorithmicMedia": ("generative AI", "generator"),
    "compositeWithTrainedAlgorithmicMedia": ("generative AI, in part", "assistant"),
    "algorithmicMedia": ("an algorithm, without training data", "generator"),
    "compositeSynthetic": ("a composite with synthetic parts", "assistant"),
    "algorithmicallyEnhanced": ("a program that enhances pictures", "assistant"),
    "composite": ("a composite of several pictures", "editor"),
    "compositeCapture": ("a composite of several photos", "editor"),
    "humanEdits": ("a person, by hand", "editor"),
    "minorHumanEdits": ("a person, slightly", "editor"),
    "digitalCapture": ("a digital camera", "camera"),
    "computationalCapture": ("a digital camera that merges captures", "camera"),
    "digitalArt": ("a person drawing", "editor"),
    "digitalCreation": ("a person, with digital tools", "editor"),
    "virtualRecording": ("a recording of a virtual scene", "generator"),
}
SOURCE_TYPE = re.compile(r"digitalsourcetype/(\w+)", re.IGNORECASE)
_LOOKUP = {name.lower(): name for name in SOURCE_TYPES}
_TABLES: tuple[tuple[Kind, dict[str, str]], ...] = (
    ("generator", GENERATORS),
    ("editor", EDITORS),
    ("converter", CONVERTERS),
)
_PATTERNS = [
    (name, kind, re.compile(pattern, re.IGNORECASE))
    for kind, table in _TABLES
    for name, pattern in table.items()
]


@dataclass(frozen=True, slots=True)
class Trace:
    """A program named by the file.

    Attributes:
        name: of the program, or what it is.
        kind: what such a program does to pictures.
        where: which part of the file names it.
        quote: the words that do.
    """

    name: str
    kind: Kind
    where: str
    quote: str


def find_traces(sources: Iterable[tuple[str, str]]) -> tuple[Trace, ...]:
    """Search texts of a file, pairs of where and what, for programs. Each is named once."""
    traces: dict[str, Trace] = {}
    for where, text in sources:
        for trace in _in_text(where, text[:MAX_SOURCE]):
            traces.setdefault(trace.name, trace)
    return tuple(traces.values())


def source_type(uri: str) -> tuple[str, Kind] | None:
    """What a digital source type (URI, or its last word) says of who made the picture."""
    name = _LOOKUP.get(uri.rstrip("/").rpartition("/")[2].lower())
    return SOURCE_TYPES[name] if name else None


def _in_text(where: str, text: str) -> Iterable[Trace]:
    keyword = where.removeprefix("PNG text ")
    if keyword != where and keyword in KEYWORDS:
        name, kind = KEYWORDS[keyword]
        yield Trace(name, kind, where, clean(text, MAX_QUOTE))
    elif PARAMETERS.search(text):
        name, kind = KEYWORDS["parameters"]
        yield Trace(name, kind, where, clean(text, MAX_QUOTE))
    if MIDJOURNEY_JOB.search(text):
        yield Trace("Midjourney", "generator", where, clean(text, MAX_QUOTE))
    for uri in SOURCE_TYPE.finditer(text):
        if found := source_type(uri.group(1)):
            yield Trace(*found, where, clean(uri.group(), MAX_QUOTE))
    for name, kind, pattern in _PATTERNS:
        if match := pattern.search(text):
            start = max(0, match.start() - 40)
            quote = text if len(text) <= MAX_QUOTE else text[start : start + MAX_QUOTE]
            yield Trace(name, kind, where, clean(quote, MAX_QUOTE))
