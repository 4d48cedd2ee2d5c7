from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

import engine.core as engine_module
from detector import (
    BinaryMask,
    Deadline,
    DeadlineExceeded,
    Detection,
    ImageData,
    ImageError,
    ImageRequest,
    InvalidBase64,
    Labels,
    PredictionResponse,
    TooManyPixels,
    decode,
)
from engine import Abandoned, Busy, Engine, NotReady, Observer, Stage, Step
from tests.fakes import (
    EDITED,
    BrightDetector,
    TemplateService,
    half_bright,
    request_for,
    wait_until,
)

UNIFORM = np.log(np.full(4, 0.25))
WAIT_S = 60.0  # only reached if something hangs


def loaded(service: BrightDetector | TemplateService, **settings: object) -> Engine:
    engine = Engine(service, **settings)  # type: ignore[arg-type]
    engine.load()
    if isinstance(service, BrightDetector):
        service.seen.clear()  # the warm-up
    return engine


def too_slow_above(side: int) -> Callable[[NDArray[np.uint8], Deadline], Detection]:
    def detect(image: NDArray[np.uint8], _: Deadline) -> Detection:
        if max(image.shape) > side:
            raise DeadlineExceeded("too slow")
        return Detection(EDITED, image.mean(axis=2) / 255)

    return detect


def warm(judge: Callable[[NDArray[np.uint8]], Detection]) -> BrightDetector:
    """A detector that behaves at the warm-up only."""

    def detect(image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        if deadline == Deadline.never():
            return Detection(EDITED)
        return judge(image)

    return BrightDetector(detect)


def failing(*_: object) -> Detection:
    raise RuntimeError("the detector is broken")


def mask_of(response: PredictionResponse) -> NDArray[np.bool_]:
    assert response.localizationMask is not None
    return response.localizationMask.to_numpy()


def test_a_picture_is_judged_at_full_resolution() -> None:
    detector = BrightDetector()
    analysis = loaded(detector).analyse(half_bright(40, 60))
    assert analysis.step == "full"
    assert analysis.verdict.label is Labels.LocallyEdited
    assert detector.seen == [(40, 60, 3)]
    assert analysis.seconds >= 0


def test_a_request_and_its_pixels_get_the_same_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    engine, picture = loaded(BrightDetector()), half_bright()
    response = engine.predict(request_for(picture))
    assert response == engine.analyse(picture).verdict.to_response()
    assert np.array_equal(mask_of(response), picture[..., 0] > 0)
    assert "LocallyEdited 0.870 for 60 x 40 px, step full" in caplog.text


@pytest.mark.parametrize(("limit", "seen"), [(1024, [2000, 1024]), (512, [2000, 1024, 512])])
def test_what_is_too_slow_is_judged_smaller_with_a_mask_of_full_size(
    limit: int, seen: list[int]
) -> None:
    detector = BrightDetector(too_slow_above(limit))
    picture = half_bright(80, 2000)
    analysis = loaded(detector).analyse(picture)
    assert analysis.step == "reduced"
    assert [shape[1] for shape in detector.seen] == seen
    assert analysis.verdict.mask is not None
    assert analysis.verdict.mask.shape == (80, 2000)
    wrong = analysis.verdict.mask != (picture[..., 0] > 0)
    assert wrong.mean() < 0.01  # at the edge alone


def test_a_reduced_picture_is_averaged() -> None:
    pictures: list[NDArray[np.uint8]] = []

    def detect(image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        pictures.append(image)
        return too_slow_above(1024)(image, deadline)

    stripes = np.zeros((8, 2048, 3), np.uint8)
    stripes[:, ::2] = 255
    loaded(BrightDetector(detect)).analyse(stripes)
    assert pictures[-1].shape == (4, 1024, 3)
    assert set(np.unique(pictures[-1])) <= {127, 128}


def test_each_step_leaves_time_for_the_next() -> None:
    left: list[float] = []

    def detect(image: NDArray[np.uint8], deadline: Deadline) -> Detection:
        left.append(deadline.remaining())
        return too_slow_above(0 if len(left) > 1 else 512)(image, deadline)

    loaded(BrightDetector(detect), budget_s=100.0).analyse(half_bright(10, 2000))
    _, full, medium, small = left
    assert 56 < full <= 57  # 0.6 of 95, since 5 are kept for the answer
    assert 56 < medium <= 57  # of the time left, and the full step took none
    assert 84 < small <= 85.5  # 0.9 of it


def test_the_prior_is_the_last_resort() -> None:
    detector = BrightDetector(too_slow_above(512))
    engine = loaded(detector)
    detector._detect = too_slow_above(0)
    analysis = engine.analyse(half_bright(10, 2000))
    assert analysis.step == "prior"
    assert analysis.verdict.logprobs == pytest.approx(UNIFORM)
    assert analysis.verdict.mask is not None
    assert analysis.verdict.mask.shape == (10, 2000)
    assert not analysis.verdict.mask.any()


@pytest.mark.parametrize(
    "judge",
    [
        failing,
        lambda _: Detection(np.array([0.0, np.nan, 0.0, 0.0])),
        lambda _: Detection(np.zeros(3)),
        lambda _: Detection(EDITED, np.full((4, 4), np.inf)),
        lambda _: Detection(EDITED, np.zeros(4)),
        lambda _: "edited",
        lambda _: None,
    ],
)
def test_a_detector_that_fails_is_logged_and_answered_for(
    judge: Callable[[NDArray[np.uint8]], Detection], caplog: pytest.LogCaptureFixture
) -> None:
    response = loaded(warm(judge)).predict(request_for(half_bright()))
    assert response.logprobs == pytest.approx(UNIFORM)
    assert mask_of(response).shape == (40, 60)
    assert "The detector failed" in caplog.text


def test_a_detector_that_fails_on_large_pictures_gets_a_smaller_one() -> None:
    def judge(image: NDArray[np.uint8]) -> Detection:
        if max(image.shape) > 1024:
            raise MemoryError
        return Detection(EDITED)

    assert loaded(warm(judge)).analyse(half_bright(10, 2000)).step == "reduced"


def test_the_services_own_prior_is_used() -> None:
    detector = warm(failing)
    detector.prior_logprobs = np.log([0.1, 0.7, 0.1, 0.1])  # type: ignore[attr-defined]
    verdict = loaded(detector).analyse(half_bright()).verdict
    assert verdict.probabilities == pytest.approx([0.1, 0.7, 0.1, 0.1])
    assert verdict.mask is not None
    assert verdict.mask.all()


@pytest.mark.parametrize("rubbish", [[1.0], "uniform", [np.nan] * 4, None])
def test_rubbish_for_a_prior_is_ignored(rubbish: object) -> None:
    detector = warm(failing)
    detector.prior_logprobs = rubbish  # type: ignore[attr-defined]
    verdict = loaded(detector).analyse(half_bright()).verdict
    assert verdict.logprobs == pytest.approx(UNIFORM)


def test_the_mask_of_a_synthesized_picture_is_as_set() -> None:
    detector = BrightDetector(lambda *_: Detection(np.array([0.0, 5.0, 0.0, 0.0])))
    for setting, value in (("full", True), ("empty", False)):
        mask = loaded(detector, synthesized_mask=setting).analyse(half_bright()).verdict.mask
        assert mask is not None
        assert (mask == value).all()


class Gate:
    """A detector's `judge` that holds every picture until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()
        self.inside = 0
        self.most_inside = 0
        self._lock = threading.Lock()

    def __call__(self, _: NDArray[np.uint8]) -> Detection:
        with self._lock:
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
        self.entered.release()
        assert self.opened.wait(WAIT_S)
        with self._lock:
            self.inside -= 1
        return Detection(EDITED)


def test_whose_budget_ends_in_the_queue_gets_the_prior_unseen() -> None:
    gate = Gate()
    detector = warm(gate)
    engine = loaded(detector, queue=1)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(engine.analyse, half_bright())
        assert gate.entered.acquire(timeout=WAIT_S)
        engine._budget_s = 0.01
        second = engine.analyse(half_bright(8, 9))
        gate.opened.set()
        assert first.result(WAIT_S).step == "full"
    assert second.step == "prior"
    assert second.verdict.mask is not None
    assert second.verdict.mask.shape == (8, 9)
    assert len(detector.seen) == 1


def test_a_detector_that_hangs_costs_its_own_slot_and_nobody_the_answer() -> None:
    gate = Gate()
    engine = loaded(warm(gate), budget_s=0.05)
    assert engine.analyse(half_bright()).step == "prior"  # judged in vain
    assert engine.judging == 1
    assert engine.analyse(half_bright()).step == "prior"  # waited in vain
    gate.opened.set()
    wait_until(lambda: engine.judging == 0)
    engine._budget_s = 20.0
    assert engine.analyse(half_bright()).step == "full"


def test_the_model_is_always_called_by_the_same_thread() -> None:
    names: list[str] = []

    def detect(_: NDArray[np.uint8], __: Deadline) -> Detection:
        names.append(threading.current_thread().name)
        return Detection(EDITED)

    engine = loaded(BrightDetector(detect))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(engine.analyse, [half_bright()] * 8))
    assert set(names) == {"judge-0"}
    assert len(names) == 9  # with the warm-up


class Notes(Observer):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.steps: list[str] = []

    def stage(self, stage: Stage, seconds: float) -> None:
        assert seconds >= 0
        self.stages.append(stage)

    def answered(self, step: Step) -> None:
        self.steps.append(step)


def test_an_observer_is_told_where_the_time_goes() -> None:
    notes = Notes()
    engine = loaded(BrightDetector(), observer=notes)
    engine.predict(request_for(half_bright()))
    assert notes.stages == ["queue", "decode", "model", "encode"]
    assert notes.steps == ["full"]
    assert engine.waiting == engine.judging == 0


def test_closing_ends_what_the_service_started() -> None:
    closed: list[bool] = []
    detector = BrightDetector()
    detector.close = lambda: closed.append(True)  # type: ignore[attr-defined]
    engine = loaded(detector)
    engine.close()
    engine.close()
    assert closed == [True]


def test_pictures_and_requests_share_one_bounded_queue() -> None:
    gate = Gate()
    engine = loaded(warm(gate), concurrency=2, queue=0)
    with ThreadPoolExecutor() as pool:
        held = [pool.submit(engine.analyse, half_bright()) for _ in range(2)]
        for _ in held:
            assert gate.entered.acquire(timeout=WAIT_S)
        with pytest.raises(Busy):
            engine.predict(request_for(half_bright()))
        gate.opened.set()
        assert [future.result(WAIT_S).step for future in held] == ["full", "full"]


def test_never_more_at_a_time_than_set() -> None:
    gate = Gate()
    gate.opened.set()
    engine = loaded(warm(gate), concurrency=2, queue=100)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(engine.analyse, [half_bright()] * 40))
    assert {answer.step for answer in answers} == {"full"}
    assert gate.most_inside <= 2


def test_the_work_of_whoever_has_gone_is_saved() -> None:
    detector = BrightDetector()
    engine = loaded(detector, queue=0)
    for _ in range(2):  # the second would be Busy if the first had kept its slot
        with pytest.raises(Abandoned):
            engine.predict(request_for(half_bright()), abandoned=lambda: True)
    assert detector.seen == []


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("!", InvalidBase64),
        ("", InvalidBase64),
        ("aGVsbG8gd29ybGQ=", ImageError),
    ],
)
def test_what_is_not_a_picture_is_said_and_holds_no_slot(data: str, error: type[Exception]) -> None:
    engine = loaded(BrightDetector(), queue=0)
    for _ in range(2):
        with pytest.raises(error):
            engine.predict(ImageRequest(image=ImageData(mediaType="image/png", data=data)))
    assert engine.predict(request_for(half_bright()))


def test_too_many_pixels_are_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "decode", failing)
    engine = loaded(BrightDetector(), max_pixels=40 * 60 - 1)
    with pytest.raises(TooManyPixels):
        engine.predict(request_for(half_bright(40, 60)))


def test_an_unforeseen_failure_is_answered_with_the_prior(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine_module, "decode", failing)
    response = loaded(BrightDetector()).predict(request_for(half_bright()))
    assert response.logprobs == pytest.approx(UNIFORM)
    assert response.localizationMask is None
    assert "the detector is broken" in caplog.text


def test_nothing_is_answered_before_loading_and_after_closing() -> None:
    engine = Engine(BrightDetector())
    assert not engine.ready
    with pytest.raises(NotReady):
        engine.analyse(half_bright())
    engine.load()
    assert engine.ready
    assert engine.analyse(half_bright()).step == "full"
    engine.close()
    with pytest.raises(NotReady):
        engine.predict(request_for(half_bright()))


def test_the_service_can_be_made_when_it_is_loaded() -> None:
    made: list[BrightDetector] = []

    def make() -> BrightDetector:
        made.append(BrightDetector())
        return made[-1]

    engine = Engine(make)
    assert made == []
    engine.load()
    assert engine.service is made[0]


@pytest.mark.parametrize("broken", ["load", "detect"])
def test_a_failure_to_load_or_to_warm_up_is_kept(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(BrightDetector, broken, fail)
    engine = Engine(BrightDetector())
    with pytest.raises(OSError, match="the disk is full") as caught:
        engine.load()
    assert engine.failure is caught.value
    assert not engine.ready


def test_loading_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Engine(BrightDetector(), num_threads=2).load()
    for line in (
        "Initializing the detector with 2 threads",
        "Loading BrightDetector from models/tests/bright",
        "Model loaded: version bright-1, device auto",
        "Model warmed up",
    ):
        assert line in caplog.text


def test_threads_are_shared_by_the_pictures_judged_at_a_time() -> None:
    assert Engine(BrightDetector(), num_threads=8, concurrency=3).threads == 2
    assert Engine(BrightDetector(), num_threads=2, concurrency=4).threads == 1


def test_who_waits_holds_the_picture_once() -> None:
    request = request_for(half_bright())
    loaded(BrightDetector()).predict(request)
    assert request.image.data == ""


def test_a_template_service_answers_pixels_too() -> None:
    service = TemplateService()
    engine = loaded(service)
    received: list[ImageRequest] = []

    def answer(request: ImageRequest) -> PredictionResponse:
        received.append(request)
        return service._uniform(request)

    service.answer = answer
    picture = half_bright()
    assert engine.analyse(picture).verdict.mask is None
    assert np.array_equal(decode(received[0].image.to_bytes()), picture)
    sent = request_for(picture)
    engine.predict(sent)
    assert received[1] is sent
    assert sent.image.data


def test_a_template_services_answer_is_put_right(caplog: pytest.LogCaptureFixture) -> None:
    service = TemplateService()
    engine = loaded(service)
    small = np.array([[False, True]])
    service.answer = lambda _: PredictionResponse.model_construct(
        logprobs=[0.0, 0.0, 0.0, 0.0], localizationMask=BinaryMask.from_numpy(small)
    )
    picture = half_bright()
    response = engine.predict(request_for(picture))
    assert response.logprobs == pytest.approx(UNIFORM)
    assert np.array_equal(mask_of(response), picture[..., 0] > 0)
    assert "resized" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        failing,
        lambda _: PredictionResponse.model_construct(logprobs=[np.nan] * 4),
        lambda _: PredictionResponse.model_construct(
            logprobs=[-1.4] * 4, localizationMask=BinaryMask.model_construct(data="????")
        ),
        lambda _: None,
    ],
)
def test_a_template_service_that_fails_is_answered_for(
    answer: Callable[[ImageRequest], PredictionResponse], caplog: pytest.LogCaptureFixture
) -> None:
    service = TemplateService()
    engine = loaded(service)
    service.answer = answer
    response = engine.predict(request_for(half_bright()))
    assert response.logprobs == pytest.approx(UNIFORM)
    assert mask_of(response).shape == (40, 60)
    assert "The service failed" in caplog.text
