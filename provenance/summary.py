"""Provenance in plain words, for people who do not know what EXIF is."""

from __future__ import annotations

from provenance.container import Container
from provenance.record import Provenance

CAVEAT = "A file can say anything: these are its own words, not proof."
NOTHING = (
    "The file says nothing about where it comes from. That is common: messengers and most websites "
    "remove such data from every picture."
)


def summarise(found: Provenance) -> tuple[str, ...]:
    """A few sentences, the most important first."""
    if not found.container.format:
        return ("This is not a picture of a known kind.",)
    lines = [
        *_credentials(found),
        *_makers(found),
        *_thumbnail(found),
        *_camera(found),
        *_encoder(found),
        *_behind(found.container),
    ]
    if not (found.traces or found.exif.facts or found.xmp.facts or found.iptc.facts or lines):
        return (NOTHING,)
    if _is_mute(found):
        lines.insert(0, NOTHING)
    return (*lines, CAVEAT)


def _is_mute(found: Provenance) -> bool:
    """Nothing in it names a maker, an owner or a date."""
    return not (
        found.traces
        or found.watermark
        or found.credentials.state != "none"
        or found.exif.get("Make")
        or found.exif.get("Model")
        or found.exif.get("DateTimeOriginal")
        or found.iptc.facts
        or found.xmp.history
    )


def _credentials(found: Provenance) -> list[str]:
    signed = found.credentials
    if signed.state == "none":
        return []
    if signed.state == "unreadable":
        return ["There are Content Credentials in the file, but they are damaged."]
    if signed.state == "invalid":
        why = (
            "the file, or they themselves, were changed after it was signed"
            if signed.changed
            else "they break a rule of the standard, which need not mean a change of the file"
        )
        return [f"Its Content Credentials fail the check: {why}."]
    signer = signed.signer or "somebody unnamed"
    lines = [
        f"It carries intact Content Credentials, signed by \u201c{signer}\u201d"
        + (
            ", who is trusted here."
            if signed.state == "trusted"
            else "; whether that is really who signed was not checked."
        )
    ]
    if any(kind == "generator" for _, kind in signed.sources):
        lines.append("The signed history says that the picture was made by generative AI.")
    elif any(kind == "assistant" for _, kind in signed.sources):
        lines.append("The signed history says that AI was used on a part of the picture.")
    return lines


def _makers(found: Provenance) -> list[str]:
    lines = []
    if found.watermark:
        lines.append(
            f"An invisible mark as {found.watermark.name} puts it into its pictures was found."
        )
    generators = [trace.name for trace in found.traces if trace.kind == "generator"]
    if generators:
        lines.append(f"The file says it was made by {_listed(generators)}.")
    assistants = [trace.name for trace in found.traces if trace.kind == "assistant"]
    if assistants:
        lines.append(f"The file says that a part was made by {_listed(assistants)}.")
    editors = [trace.name for trace in found.traces if trace.kind in ("editor", "converter")]
    if editors:
        lines.append(
            f"It passed through {_listed(editors)}. That may have been to crop or to brighten it, "
            "or to change what it shows."
        )
    return lines


def _thumbnail(found: Provenance) -> list[str]:
    small = found.thumbnail
    if small is None or not small.differs:
        return []
    return [f"The small copy inside the file differs from the picture: {small.reason}."]


def _camera(found: Provenance) -> list[str]:
    make, model = found.exif.get("Make"), found.exif.get("Model")
    brand = make.split()[0].lower() if make else ""
    camera = model if brand and model.lower().startswith(brand) else f"{make} {model}".strip()
    date = found.exif.get("DateTimeOriginal")
    lines = []
    if camera:
        day = f" on {_day(date)}" if _day(date) else ""
        lines.append(f"It names a camera, {camera}{day}.")
    elif _day(date):
        lines.append(f"It says that it was taken on {_day(date)}.")
    if found.exif.position:
        lines.append(f"It says where it was taken: {found.exif.position}.")
    return lines


def _encoder(found: Provenance) -> list[str]:
    encoder = found.encoder
    if encoder is None:
        return []
    if encoder.name.startswith("Adobe"):
        return ["Its compression is as Adobe's programs write it: probably one saved it last."]
    if encoder.name.startswith("mozjpeg"):
        return ["Its compression is mozjpeg's: probably a website or an optimiser saved it again."]
    return []


def _behind(container: Container) -> list[str]:
    if not container.trailing or container.trailer == "nothing but zeros":
        return []
    return [f"Behind the picture there is more in the file: {container.trailer}."]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _day(date: str) -> str:
    """The day of `2024-05-01 12:00:00`; empty if it is no date."""
    day = date[:10]
    parts = day.split("-")
    return day if len(parts) == 3 and all(part.isdigit() for part in parts) and day[0] > "0" else ""
