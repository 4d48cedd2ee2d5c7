"""A team's own labelled pictures as a data set: labels from sub-folders or from a manifest."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from detector.contract import ImageRequest, Labels
from detector.imaging import ImageError, read_header
from scoring.datasets import NothingToAsk
from testsets.schema import Sample
from training.outcome import read_mask

CATEGORY = "folder"
SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".avif"}
MASK_ENDING = "_mask"  # `cat.jpg` has its mask in `cat_mask.png`
MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "BMP": "image/bmp"}
UNLABELLED = "unlabelled"
NAMES = {re.sub("[^a-z]", "", label.name.lower()): label for label in Labels}


@dataclass(frozen=True)
class Item:
    """A picture file; label and mask as far as they are known."""

    path: Path
    name: str
    label: Labels | None
    mask: Path | None


@dataclass(frozen=True)
class Folder:
    """Pictures with one label, or of one `set` of a manifest; see `scoring.datasets.DataSet`."""

    name: str
    items: tuple[Item, ...]
    category: str = CATEGORY

    def __len__(self) -> int:
        return len(self.items)

    def samples(self) -> Iterator[Sample]:
        for item in self.items:
            yield sample(self.name, item)


def labelled(folder: Path, limit: int | None = None) -> list[Folder]:
    """A data set for each sub-folder that is named like a label, in any spelling.

    `locally_edited/`, `LocallyEdited/` and `2/` are the same. Pictures beside the sub-folders have
    no label: their answers are checked, not scored. Hidden folders are left out.

    Raises:
        NothingToAsk: there is no picture, or a sub-folder is named like no label.
    """
    if not folder.is_dir():
        raise NothingToAsk(f"{folder} is not a folder.")
    found: list[Folder] = []
    inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for path, label in [(folder, None), *((p, label_of(p)) for p in inside if p.is_dir())]:
        files = path.iterdir() if label is None else path.rglob("*")
        pictures = sorted(file for file in files if is_picture(file))[:limit]
        items = tuple(
            Item(file, file.relative_to(folder).as_posix(), label, beside(file))
            for file in pictures
        )
        if items:
            found.append(Folder(UNLABELLED if label is None else path.name, items))
    if not found:
        raise NothingToAsk(f"There is no picture in {folder}.")
    return found


def listed(folder: Path, manifest: Path, limit: int | None = None) -> list[Folder]:
    """A data set for each `set` of a manifest: CSV with path, label and perhaps mask_path and set.

    Paths are relative to the manifest, as for `training.evaluate`, or else to the folder.

    Raises:
        NothingToAsk: the manifest cannot be read, is empty, or names a file that is not there.
    """
    from training.evaluate import read_manifest

    try:
        rows = read_manifest(manifest)
    except (OSError, ValueError) as error:
        raise NothingToAsk(f"{error}.") from error
    sets: dict[str, list[Item]] = {}
    for row in rows:
        path = existing(folder, manifest, row.path)
        mask = None if row.mask_path is None else existing(folder, manifest, row.mask_path)
        name = row.path.relative_to(manifest.parent).as_posix()
        sets.setdefault(row.set or manifest.stem, []).append(Item(path, name, row.label, mask))
    if not sets:
        raise NothingToAsk(f"{manifest} lists no picture.")
    return [Folder(name, tuple(items[:limit])) for name, items in sets.items()]


def existing(folder: Path, manifest: Path, path: Path) -> Path:
    for candidate in (path, folder / path.relative_to(manifest.parent)):
        if candidate.is_file():
            return candidate
    raise NothingToAsk(f"{manifest} lists {path}, which is not there.")


def label_of(path: Path) -> Labels:
    if path.name in {str(int(label)) for label in Labels}:
        return Labels(int(path.name))
    label = NAMES.get(re.sub("[^a-z]", "", path.name.lower()))
    if label is None:
        names = ", ".join(label.name for label in Labels)
        raise NothingToAsk(
            f"{path} is not named like a label ({names}); rename it or pass --manifest."
        )
    return label


def is_picture(path: Path) -> bool:
    known = path.suffix.lower() in SUFFIXES
    return known and not path.stem.endswith(MASK_ENDING) and not path.name.startswith(".")


def beside(path: Path) -> Path | None:
    mask = path.with_name(f"{path.stem}{MASK_ENDING}.png")
    return mask if mask.is_file() else None


def sample(dataset: str, item: Item) -> Sample:
    """A request for the picture; a file that we cannot read may be refused as well as answered.

    Raises:
        NothingToAsk: the mask cannot be read.
    """
    data = item.path.read_bytes()
    width = height = mask = None
    accepted: tuple[int, ...] = (200,)
    media_type = "image/png" if item.path.suffix.lower() == ".png" else "image/jpeg"
    try:
        header = read_header(data)
        width, height = header.width, header.height
        media_type = MEDIA_TYPES.get(header.format, media_type)
    except ImageError:
        accepted = (200, 400, 413, 415, 422)
    if item.label is not None and width and height:
        mask = truth(item, (height, width))
    request = ImageRequest.from_bytes(data, media_type).model_dump_json().encode()
    return Sample(
        sample_id=f"{CATEGORY}/{item.name}",
        dataset=dataset,
        category=CATEGORY,
        case=item.name,
        request=request,
        expected_status=200,
        accepted_statuses=accepted,
        image=data,
        media_type=media_type,
        width=width,
        height=height,
        label=None if item.label is None else int(item.label),
        mask=mask,
        input_id=hashlib.sha256(request).hexdigest(),
    )


def truth(item: Item, size: tuple[int, int]) -> bytes | None:
    """The true mask as a PNG of 1 bit: read, empty for Natural, None where it is not known."""
    if item.mask is not None:
        try:
            mask = read_mask(item.mask, size)
        except (OSError, SyntaxError, ValueError) as error:
            raise NothingToAsk(f"The mask {item.mask} cannot be read: {error}.") from error
    elif item.label is Labels.Natural:
        mask = np.zeros(size, dtype=bool)
    else:
        return None
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, "PNG")
    return buffer.getvalue()
