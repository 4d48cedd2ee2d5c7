from __future__ import annotations

from pathlib import Path

import pytest

from detector.contract import ImageRequest, Labels
from scoring import folder
from scoring.contract_check import decode_mask
from scoring.datasets import NothingToAsk
from tests.scoring.peers import SIZE, mask_png, png


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_labels_come_from_sub_folders(tmp_path: Path) -> None:
    put(tmp_path / "locally_edited/a.png", png())
    put(tmp_path / "locally_edited/a_mask.png", mask_png(5))
    put(tmp_path / "Natural/b.png", png())
    put(tmp_path / "1/deep/c.png", png())
    put(tmp_path / "d.png", png())
    put(tmp_path / ".hidden/e.png", png())
    found = {s.sample_id: s for data in folder.labelled(tmp_path) for s in data.samples()}
    assert {name: item.label for name, item in found.items()} == {
        "folder/locally_edited/a.png": Labels.LocallyEdited,
        "folder/Natural/b.png": Labels.Natural,
        "folder/1/deep/c.png": Labels.FullySynthesized,
        "folder/d.png": None,
    }
    edited = found["folder/locally_edited/a.png"]
    assert (edited.width, edited.height) == SIZE
    assert edited.mask is not None
    assert decode_mask(edited.mask).sum() == 5 * 8
    assert ImageRequest.model_validate_json(edited.request).image.to_bytes() == png()
    natural = found["folder/Natural/b.png"].mask
    assert natural is not None
    assert not decode_mask(natural).any()
    assert found["folder/1/deep/c.png"].mask is None


def test_a_manifest_names_labels_and_masks(tmp_path: Path) -> None:
    put(tmp_path / "a.png", png())
    put(tmp_path / "m/a.png", png("L", colour=255))
    (tmp_path / "m.csv").write_text("path,label,mask_path\na.png,LocallySynthesized,m/a.png\n")
    (data,) = folder.listed(tmp_path, tmp_path / "m.csv")
    (sample,) = data.samples()
    assert sample.label == Labels.LocallySynthesized
    assert sample.mask is not None
    assert decode_mask(sample.mask).all()


def test_a_file_that_is_no_picture_may_be_refused(tmp_path: Path) -> None:
    put(tmp_path / "natural/a.jpg", b"no picture")
    (data,) = folder.labelled(tmp_path)
    (sample,) = data.samples()
    assert 422 in sample.accepted_statuses


@pytest.mark.parametrize(
    ("files", "words"),
    [({}, "no picture in"), ({"holiday/a.png": png()}, "not named like a label")],
)
def test_what_cannot_be_asked(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    for name, data in files.items():
        put(tmp_path / name, data)
    with pytest.raises(NothingToAsk, match=words):
        folder.labelled(tmp_path)


@pytest.mark.parametrize("row", ["gone.png,Natural,", "a.png,Holiday,"])
def test_a_wrong_manifest(tmp_path: Path, row: str) -> None:
    put(tmp_path / "a.png", png())
    (tmp_path / "m.csv").write_text(f"path,label,mask_path\n{row}\n")
    with pytest.raises(NothingToAsk, match=r"m\.csv"):
        folder.listed(tmp_path, tmp_path / "m.csv")
