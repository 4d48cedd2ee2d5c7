"""Tests of gathering edited pictures and their masks, on a tiny repository made on the spot."""

from __future__ import annotations

import csv
import io
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from training.collect_edited import changed_region, main

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
    pictures["inverted"] = 255 - expected()
    colours = np.repeat(expected()[..., None], 3, 2)
    pictures["panels"] = np.concatenate([edited(), colours, original(), original()], 1)
    for name, pixels in pictures.items():
        (folder / f"{name}.png").write_bytes(encode(pixels))
    savemat(folder / "matlab.mat", {"objMask": expected() // 255})
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "pictures"], check=True)
    files = {name: f"{name}.png" for name in pictures} | {"matlab": "matlab.mat"}
    paths = [f"HEAD:{name}" for name in files.values()]
    answer = subprocess.run([*git, "rev-parse", *paths], check=True, capture_output=True, text=True)
    return dict(zip(files, answer.stdout.split(), strict=True))


def run(folder: Path, **blobs: str) -> int:
    """Run the command for one picture; its index entries are then in folder/store."""
    row = {"label": "LocallyEdited", "source": "photos", "kind": "splice", "repo": "ann/photos"}
    row |= {"path": "a.png", "license": "MIT", "note": "", "mask_path": ""}
    row |= {"mask_blob": "", "original_blob": ""}
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


def test_an_original_is_kept_beside_the_picture(tmp_path: Path, blobs: dict[str, str]) -> None:
    wanted = {"blob": blobs["edited"], "mask_blob": blobs["mask"]}
    assert run(tmp_path, **wanted, original_blob=blobs["original"]) == 0
    with (tmp_path / "store" / "edited.csv").open(newline="", encoding="utf-8") as file:
        (entry,) = csv.DictReader(file)
    with Image.open(tmp_path / "store" / entry["original_path"]) as picture:
        np.testing.assert_array_equal(np.asarray(picture), original())


def test_black_can_mean_edited(tmp_path: Path, blobs: dict[str, str]) -> None:
    wanted = {"blob": blobs["edited"], "mask_blob": blobs["mask"], "note": "mask inverted"}
    assert run(tmp_path, **wanted) == 1  # nearly everything, then
    wanted["mask_blob"] = blobs["inverted"]
    assert run(tmp_path, **wanted) == 0
    np.testing.assert_array_equal(stored_mask(tmp_path), expected())


def test_picture_and_mask_may_be_panels_of_one_file(tmp_path: Path, blobs: dict[str, str]) -> None:
    note = "panels in a row: picture, mask, two predictions"
    assert run(tmp_path, blob=blobs["panels"], mask_blob=blobs["panels"], note=note) == 0
    np.testing.assert_array_equal(stored_mask(tmp_path), expected())


def test_a_mask_may_be_a_matlab_file(tmp_path: Path, blobs: dict[str, str]) -> None:
    wanted = {"blob": blobs["edited"], "mask_path": "m.mat", "mask_blob": blobs["matlab"]}
    assert run(tmp_path, **wanted) == 0
    np.testing.assert_array_equal(stored_mask(tmp_path), expected())


def test_compression_after_the_edit_is_not_taken_for_it() -> None:
    smooth = cv2.GaussianBlur(original(), (0, 0), 3)
    changed = smooth.copy()
    changed[EDIT] = 255 - changed[EDIT]
    _, data = cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, 40])
    saved = Image.fromarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)))
    region = changed_region(saved, Image.fromarray(smooth), resaved=True)
    truth = expected() > 0
    assert (region & truth).sum() / (region | truth).sum() > 0.7


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
