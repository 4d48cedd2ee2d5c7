from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from detector.contract import Labels
from detector.editscope.configuration import EditScopeConfig
from detector.editscope.detector import EditScopeDetector
from detector.editscope.modeling import EditScopeModel
from tests.detector.editscope.copies import coloured, texture
from tests.detector.editscope.test_modeling import TINY
from training.ablation import VARIANTS, judge
from training.outcome import Row


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> EditScopeDetector:
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    weights = {"copy_weights": [1.3, 12.0, 5.5, -17.0], "copy_side": [9.0, 0.0, 0.0]}
    config = EditScopeConfig(**(TINY.to_dict() | weights))
    EditScopeModel(config).half().save_pretrained(folder / "team" / "tiny")
    loaded = EditScopeDetector("team/tiny", folder, "cpu")
    loaded.load_model()
    return loaded


def test_every_variant_answers_and_only_copies_make_the_difference_they_claim(
    detector: EditScopeDetector,
) -> None:
    gray = texture(700, 900, seed=0)
    gray[350:550, 600:850] = gray[60:260, 80:330]
    truth = np.zeros(gray.shape, bool)
    truth[350:550, 600:850] = True
    row = Row(Path("unused"), Labels.Natural)
    found = judge(detector, row, coloured(gray))
    assert set(found) == set(VARIANTS)
    edited = {name: outcome.logprobs[Labels.LocallyEdited] for name, outcome in found.items()}
    assert edited["everything"] > edited["without the search for copies"] + 0.5
    assert found["the search for copies alone"].answer is Labels.LocallyEdited
    views = [found[f"without the {name} view"].logprobs for name in ("reduced", "native")]
    assert np.abs(views[0] - views[1]).max() > 0
    heat = found["the search for copies alone"].heat
    assert heat is not None
    assert heat[truth[::4, ::4]].mean() > 5 * heat[~truth[::4, ::4]].mean()


def test_without_the_anomaly_branch_the_answer_is_another_and_the_network_stays_whole(
    detector: EditScopeDetector,
) -> None:
    row, image = Row(Path("unused"), Labels.Natural), coloured(texture(300, 400, seed=1))
    first, second = (judge(detector, row, image) for _ in range(2))
    gap = first["everything"].logprobs - first["without the anomaly branch"].logprobs
    assert np.abs(gap).max() > 0
    np.testing.assert_array_equal(first["everything"].logprobs, second["everything"].logprobs)
