from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

import threads
from detector.contract import Labels
from detector.deadline import Deadline, DeadlineExceeded
from detector.device import pick_device
from detector.editscope.backends import Backend
from detector.editscope.copymove import Copy
from detector.editscope.detector import EditScopeDetector, Measured
from detector.editscope.modeling import EditScopeModel
from detector.verdict import Detection, decide
from tests.detector.editscope.test_modeling import TINY


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> EditScopeDetector:
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    EditScopeModel(TINY).half().save_pretrained(folder / "team" / "tiny")
    loaded = EditScopeDetector("team/tiny", folder, "cpu")
    loaded.load_model()
    return loaded


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (63, 65), (401, 299), (900, 1000)])
def test_any_size_gets_finite_scores_and_a_fitting_map(
    detector: EditScopeDetector, size: tuple[int, int]
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    detection = detector.detect(image, Deadline.never())
    assert detection.manipulation is not None
    assert detection.manipulation.shape == (-(-size[0] // 4), -(-size[1] // 4))
    assert 0 <= detection.manipulation.min() <= detection.manipulation.max() <= 1
    verdict = decide(detection, size)
    assert np.exp(verdict.logprobs).sum() == pytest.approx(1)


def test_the_same_pixels_give_the_same_answer(detector: EditScopeDetector) -> None:
    image = np.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    first, again = (detector.detect(image, Deadline.never()) for _ in range(2))
    np.testing.assert_array_equal(first.logprobs, again.logprobs)


def test_the_reduced_scene_counts_half_as_much_for_the_label(detector: EditScopeDetector) -> None:
    image = np.random.default_rng(1).integers(0, 256, (900, 1000, 3), dtype=np.uint8)
    vectors = [view.vector for view in detector.look(image, Deadline.never())]
    native, reduced = (detector.logits([vector]) for vector in vectors)
    assert not np.allclose(native, reduced)
    np.testing.assert_allclose(detector.logits(vectors), (2 * native + reduced) / 3, atol=1e-6)


@pytest.mark.parametrize("size", [(97, 131), (500, 300), (900, 1000)])
def test_threads_and_company_change_no_bit_of_it(
    detector: EditScopeDetector, size: tuple[int, int]
) -> None:
    """Small pictures are judged in pairs under load: the answer must not show it."""
    assert detector.parallel
    image = np.random.default_rng(2).integers(0, 256, (*size, 3), dtype=np.uint8)

    def judge(count: int) -> Detection:
        threads.use(count)
        return detector.detect(image, Deadline.never())

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(2) as two:
        alone = one.submit(judge, 2).result()
        together = list(two.map(judge, [1, 1]))
    for other in together:
        np.testing.assert_array_equal(other.logprobs, alone.logprobs)
        np.testing.assert_array_equal(other.manipulation, alone.manipulation)


def test_too_little_time_for_all_tiles_is_said_early(detector: EditScopeDetector) -> None:
    image = np.zeros((1600, 1600, 3), np.uint8)
    with pytest.raises(DeadlineExceeded):
        detector.detect(image, Deadline.after(-1))


@pytest.fixture(params=[2, 1], ids=["two threads", "one"])
def looking(
    detector: EditScopeDetector, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[EditScopeDetector]:
    """One that looks for copies."""
    monkeypatch.setattr(detector.model.config, "copy_weights", [1.3, 12.0, 5.5, -17.0])
    before = torch.get_num_threads()
    threads.use(request.param)
    yield detector
    threads.use(before)


def test_copies_are_found_beside_the_network_if_there_is_a_thread_for_them(
    looking: EditScopeDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def find(_: object) -> list[Copy]:
        seen.append(threading.current_thread().name)
        return []

    monkeypatch.setattr("detector.editscope.detector.find_copies", find)
    measured = looking.measure(np.zeros((64, 64, 3), np.uint8), Deadline.after(100))
    assert measured.evidence[Labels.LocallyEdited] < 0  # looked for, and none found
    here = threading.current_thread().name
    assert seen == [here if torch.get_num_threads() == 1 else "copies_0"]


def test_one_thread_finds_the_copies_that_two_find(
    detector: EditScopeDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector.model.config, "copy_weights", [1.3, 12.0, 5.5, -17.0])
    image = np.random.default_rng(3).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    image[200:280, 250:370] = image[20:100, 30:150]

    def judge(count: int) -> Measured:
        threads.use(count)
        return detector.measure(image, Deadline.after(100))

    with ThreadPoolExecutor(1) as pool:
        two, one = pool.map(judge, [2, 1])
    assert two.evidence[Labels.LocallyEdited] > 0
    for ours, theirs in zip(one, two, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("looking", [2], indirect=True)
def test_an_answer_that_is_due_does_not_wait_for_copies(
    looking: EditScopeDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr("detector.editscope.detector.COPIES_S", 0)
    monkeypatch.setattr("detector.editscope.detector.find_copies", lambda _: release.wait(60))
    try:
        measured = looking.measure(np.zeros((64, 64, 3), np.uint8), Deadline.after(1))
    finally:
        release.set()
    assert not measured.evidence.any()


def test_what_goes_wrong_with_copies_is_not_hidden(
    looking: EditScopeDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> list[Copy]:
        raise ZeroDivisionError

    monkeypatch.setattr("detector.editscope.detector.find_copies", fail)
    with pytest.raises(ZeroDivisionError):
        looking.measure(np.zeros((64, 64, 3), np.uint8), Deadline.never())


@pytest.mark.parametrize("backend", ["openvino", "onnx"])
def test_a_backend_gives_the_same_answer(
    detector: EditScopeDetector, monkeypatch: pytest.MonkeyPatch, backend: Backend
) -> None:
    pytest.importorskip({"openvino": "openvino", "onnx": "onnxruntime"}[backend])
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")  # float32, where backends agree
    image = np.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    answers = []
    for name in (backend, "torch"):
        other = EditScopeDetector("team/tiny", detector.model_path.parents[1], "cpu", name)
        other.load_model()
        answers.append(other.measure(image, Deadline.never()))
    np.testing.assert_allclose(answers[0].logits, answers[1].logits, atol=1e-3)
    np.testing.assert_allclose(answers[0].manipulation, answers[1].manipulation, atol=1e-3)


def test_a_backend_for_cpus_is_refused_elsewhere(detector: EditScopeDetector) -> None:
    other = EditScopeDetector("team/tiny", detector.model_path.parents[1], "meta", "onnx")
    with pytest.raises(ValueError, match="BACKEND=onnx computes on CPUs; set DEVICE=cpu"):
        other.load_model()


def test_a_missing_file_is_an_error_when_loading(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nobody/nothing"):
        EditScopeDetector("nobody/nothing", tmp_path).load_model()


def test_auto_takes_the_cpu_where_there_is_no_accelerator() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in {"cpu", "cuda", "mps"}
