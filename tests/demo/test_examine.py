from __future__ import annotations

import threading

import pytest

from demo.examine import Problem, examine
from detector.deadline import Deadline
from engine import Engine
from tests.demo.fake import FakeDetector
from tests.fakes import half_bright, png
from tests.pictures import photo

PIXELS = 10_000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(png(photo()))
    return path


def loaded(detector=None, **options) -> Engine:
    engine = Engine(detector or FakeDetector(), **options)
    engine.load()
    return engine


def test_a_picture_is_examined_under_the_name_its_sender_gave(file):
    examination = examine(file, "cat.png", loaded(), PIXELS)
    assert examination.name == "cat.png"
    assert examination.image.shape == photo().shape
    assert examination.orientation == 1
    assert examination.analysis.step == "full"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This file is not a picture."),
        (b"%PDF-1.4 nothing", "."),
        (png(half_bright())[:20], "damaged"),
        (png(half_bright(200, 60)), "60 x 200 pixels"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(file, data, sentence):
    file.write_bytes(data)
    with pytest.raises(Problem) as problem:
        examine(file, "x", loaded(), PIXELS)
    message = str(problem.value)
    assert sentence in message
    assert message[0].isupper()
    assert message.endswith(".")
    assert "\n" not in message


def test_a_detector_that_loads_or_cannot_load_is_named(file):
    engine = Engine(FakeDetector())
    with pytest.raises(Problem, match="still loading"):
        examine(file, "x", engine, PIXELS)
    engine.failure = RuntimeError("no weights")
    with pytest.raises(Problem, match="could not be loaded"):
        examine(file, "x", engine, PIXELS)


def test_a_full_queue_is_a_sentence(file):
    begun, release = threading.Event(), threading.Event()

    class Blocking(FakeDetector):
        blocking = False

        def detect(self, image, deadline: Deadline):
            if self.blocking:
                begun.set()
                release.wait(10)
            return super().detect(image, deadline)

    detector = Blocking()
    engine = loaded(detector, queue=0)
    detector.blocking = True
    other = threading.Thread(target=engine.analyse, args=(photo(),))
    other.start()
    assert begun.wait(10)
    try:
        with pytest.raises(Problem, match="Too many pictures are waiting"):
            examine(file, "x", engine, PIXELS)
    finally:
        release.set()
        other.join()
