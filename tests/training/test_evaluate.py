from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector import Detection, ImageRequest
from detector.contract import Labels
from detector.deadline import Deadline
from engine import Engine
from tests.fakes import BrightDetector, half_bright
from training import evaluate, report
from training.evaluate import postprocessed, read_manifest, subset
from training.outcome import Outcome, read_mask
from training.postprocess import TRANSFORMS
from training.summary import summarise

LABELS = [Labels.Natural, Labels.FullySynthesized, Labels.LocallyEdited]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Six pictures, bright on the right; the edited ones have masks that say so."""
    Image.fromarray(half_bright()).save(tmp_path / "a.png")
    Image.fromarray(half_bright()[..., 0]).save(tmp_path / "mask.png")
    with (tmp_path / "m.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "label", "mask_path", "set", "kind"])
        writer.writeheader()
        for label in LABELS * 2:
            edited = label is Labels.LocallyEdited
            writer.writerow(
                {"path": "a.png", "label": label.name, "mask_path": "mask.png" if edited else "",
                 "set": "one", "kind": "splice" if edited else ""}
            )  # fmt: skip
    return tmp_path / "m.csv"


@pytest.fixture
def outcomes(engine: Engine, manifest: Path) -> list[Outcome]:
    return evaluate.evaluate(engine, read_manifest(manifest))


def test_the_answer_is_that_of_predict(engine: Engine, outcomes: list[Outcome]) -> None:
    data = outcomes[0].row.path.read_bytes()
    response = engine.predict(ImageRequest.from_bytes(data))
    np.testing.assert_allclose(outcomes[0].logprobs, response.logprobs)
    assert response.localizationMask is not None
    claimed = int(response.localizationMask.to_numpy().sum())
    natural, _, edited = outcomes[:3]
    assert natural.regions is not None
    assert edited.regions is not None
    assert natural.regions.overlap == (0, claimed, 0)  # everything claimed there is a false alarm
    assert edited.regions.overlap == (claimed, 0, 0)


def test_pictures_are_compared_with_what_is_known_of_them(outcomes: list[Outcome]) -> None:
    natural, generated, edited = outcomes[:3]
    assert [item.answer for item in outcomes[:3]] == [Labels.LocallyEdited] * 3
    assert not natural.localised
    assert generated.regions is None  # no mask is given, and the challenge defines none
    assert edited.localised
    assert edited.regions is not None
    assert edited.regions.at_threshold == edited.regions.auc == edited.regions.lenient == 1.0
    assert edited.row.kind == "splice"


def test_a_mask_of_another_size_is_resized(tmp_path: Path) -> None:
    Image.fromarray(half_bright(20, 30)[..., 0]).save(tmp_path / "m.png")
    mask = read_mask(tmp_path / "m.png", (40, 60))
    np.testing.assert_array_equal(mask, half_bright(40, 60)[..., 0] > 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [("path,set\na.png,x\n", "lacks the columns label"), ("path,label\na.png,Fake\n", "m.csv:2")],
)
def test_a_bad_manifest_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_manifest(tmp_path / "m.csv")


def test_a_subset_is_even_over_the_labels_and_seeded(manifest: Path) -> None:
    rows = read_manifest(manifest) * 20
    drawn = subset(rows, 9, seed=1)
    assert drawn == subset(rows, 9, seed=1)
    assert sorted(row.label for row in drawn) == sorted(LABELS * 3)
    assert subset(rows, 10_000, seed=1) == rows


def test_a_report_is_complete(engine: Engine, outcomes: list[Outcome], tmp_path: Path) -> None:
    rows = [item.row for item in outcomes[:3]]
    transformed = postprocessed(engine, rows, seed=0)
    transforms = {name: summarise(found, 5) for name, found in transformed.items()}
    out = tmp_path / "report"
    out.mkdir()
    about = report.About("tests/bright", "m.csv", 5, 0)
    table = report.write(about, outcomes, transforms, out)
    text = (out / "report.md").read_text()
    assert table in text
    linked = set(re.findall(r"\]\((\S+?)\)", text))
    assert linked == {path.name for path in out.iterdir()} - {"report.md"}
    assert len(linked) == 8
    assert all(f"| {name} |" in text for name in TRANSFORMS)
    figures = json.loads((out / "report.json").read_text())
    assert figures["all"]["pixel_f1"]["value"] == 1.0
    assert figures["by"]["kind"]["splice"]["pictures"]["value"] == 2
    assert figures["transforms"]["resize 0.5"]["pixel_f1"]["value"] > 0.9
    with (out / "pictures.csv").open(newline="") as file:
        assert [row["answer"] for row in csv.DictReader(file)] == ["LocallyEdited"] * 6


class Timid(BrightDetector):
    """Says Natural whatever it sees."""

    def detect(self, image: np.ndarray, deadline: Deadline) -> Detection:
        return Detection(np.array([3.0, 0.0, 0.0, 0.0]), np.zeros((2, 3)))


def test_several_models_give_one_table_and_their_difference(
    manifest: Path, outcomes: list[Outcome], tmp_path: Path
) -> None:
    timid = Engine(Timid())
    timid.load()
    judged = {"bright": outcomes, "timid": evaluate.evaluate(timid, read_manifest(manifest))}
    text = report.write_comparison(judged, tmp_path, resamples=5, seed=0)
    assert text + "\n" == (tmp_path / "comparison.md").read_text()
    found = json.loads((tmp_path / "comparison.json").read_text())
    assert found["all"]["bright"]["pixel_f1"]["value"] == 1.0
    assert found["difference from bright"]["timid"]["pixel_f1"]["value"] == -1.0
    assert found["difference from bright"]["timid"]["false_alarms"]["value"] == -1.0


def test_the_command_takes_any_model(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["evaluate", "--manifest", str(manifest), "--out", str(tmp_path / "out")]
    options = ["--models", "tests.fakes:BrightDetector", "--bootstrap", "3", "--limit", "3"]
    monkeypatch.setattr("sys.argv", command + options)
    evaluate.main()
    figures = json.loads((tmp_path / "out" / "report.json").read_text())
    assert figures["about"]["model"] == "tests.fakes:BrightDetector"
    assert figures["all"]["pictures"]["value"] == 3
