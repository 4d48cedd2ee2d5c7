"""Tests of gathering edited pictures and their masks, on a tiny repository made on the spot."""

from __future__ import annotations

import csv
import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from training.collect_edited import main

AUTHOR = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
SHAPE = (80, 100)  # height and width of the test pictures in pixels
EDIT = (slice(10, 30), slice(20, 50))  # rows and columns of the edited rectangle


def encode(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def original() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 200, (*SHAPE, 3), dtype=np.uint8)


def edited() -> NDArray[np.uint8]:
    """The original with a brighter rectangle and a faint trace elsewhere."""
    pixels = original()
    pixels[EDIT] += 50
    pixels[2:6, 2:50] += 2
    return pixels


def expected() -> NDArray[np.uint8]:
    mask = np.zeros(SHAPE, np.uint8)
    mask[EDIT] = 255
    return mask


@pytest.fixture
def blobs(tmp_path: Path) -> dict[str, str]:
    """A repository ann/photos with picture, mask and original; blob id by name."""
    folder = tmp_path / "clones" / "ann+photos"
    folder.mkdir(parents=True)
    pictures = {"edited": edited(), "mask": expected(), "original": original()}
    pictures["reencoded"] = 255 - original()
    git = ["git", "-C", str(folder), *AUTHOR]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for name, pixels in pictures.items():
        (folder / f"{name}.png").write_bytes(encode(pixels))
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "pictures"], check=True)
    paths = [f"HEAD:{name}.png" for name in pictures]
    answer = subprocess.run([*git, "rev-parse", *paths], check=True, capture_output=True, text=True)
    return dict(zip(pictures, answer.stdout.split(), strict=True))


def run(folder: Path, **blobs: str) -> int:
    """Run the command for one picture; its index entries are then in folder/store."""
    row = {"label": "LocallyEdited", "source": "photos", "kind": "splice", "repo": "ann/photos"}
    row |= {"path": "a.png", "license": "MIT", "note": "", "mask_blob": "", "original_blob": ""}
    row |= blobs
    with (folder / "edited.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    places = ["--clones", str(folder / "clones"), "--store", str(folder / "store")]
    return main(["--sources", str(folder / "edited.csv"), *places, "--no-clone"])


def stored_mask(folder: Path) -> NDArray[np.uint8]:
    with (folder / "store" / "edited.csv").open(newline="", encoding="utf-8") as file:
        (entry,) = csv.DictReader(file)
    assert (folder / "store" / entry["path"]).read_bytes() == encode(edited())
    with Image.open(folder / "store" / entry["mask_path"]) as mask:
        assert mask.mode == "L"
        return np.asarray(mask)


@pytest.mark.parametrize("given", ["mask", "original"])
def test_mask_is_published_or_found_by_difference(
    tmp_path: Path, blobs: dict[str, str], given: str
) -> None:
    assert run(tmp_path, blob=blobs["edited"], **{f"{given}_blob": blobs[given]}) == 0
    np.testing.assert_array_equal(stored_mask(tmp_path), expected())


def test_second_run_needs_no_clone(tmp_path: Path, blobs: dict[str, str]) -> None:
    wanted = {"blob": blobs["edited"], "mask_blob": blobs["mask"]}
    assert run(tmp_path, **wanted) == 0
    (tmp_path / "clones").rename(tmp_path / "away")
    assert run(tmp_path, **wanted) == 0


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"blob": "edited"}, "no mask and no original"),
        ({"blob": "edited", "original_blob": "edited"}, "nothing or nearly everything"),
        ({"blob": "reencoded", "original_blob": "original"}, "nothing or nearly everything"),
        ({"blob": "nowhere", "mask_blob": "mask"}, "missing"),
    ],
)
def test_unusable_rows_are_reported(
    tmp_path: Path,
    blobs: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    wanted: dict[str, str],
    reason: str,
) -> None:
    assert run(tmp_path, **{key: blobs.get(name, "0" * 40) for key, name in wanted.items()}) == 1
    assert f"ann/photos: 1 {reason}" in capsys.readouterr().err
