from __future__ import annotations

import pytest

from demo import picker
from demo.examine import Problem
from demo.picker import Detectors
from engine import Engine
from settings import Settings
from tests.demo.fake import FakeDetector


@pytest.fixture
def detectors(monkeypatch):
    monkeypatch.setattr(picker, "available_models", lambda _: ["a/own", "b/other"])
    monkeypatch.setattr(picker, "create_engine", lambda _: Engine(FakeDetector()))
    return Detectors(Engine(FakeDetector()), Settings(model_name="a/own"))


def test_the_services_own_comes_first(detectors):
    assert detectors.names == ["a/own", "b/other"]


def test_another_is_loaded_once_and_only_when_asked_for(detectors):
    own = detectors.engine("a/own")
    assert own.service is None  # whoever made it loads it
    other = detectors.engine("b/other")
    assert other.ready
    assert detectors.engine("b/other") is other
    assert detectors.engine("a/own") is own
    assert detectors.describe("b/other", other) == "b/other, version fake"
    assert detectors.describe("a/own", own) == "a/own"


def test_there_is_room_for_one_other(detectors, monkeypatch):
    first = detectors.engine("b/other")
    assert first.ready
    monkeypatch.setattr(picker, "available_models", lambda _: ["b/other", "d/fourth"])
    assert detectors.engine("d/fourth") is not first
    assert not first.ready
    assert detectors.engine("b/other") is not first


@pytest.mark.parametrize("name", ["../x", "package.module:Class"])
def test_what_is_not_installed_is_not_imported(detectors, name):
    with pytest.raises(Problem, match="not installed"):
        detectors.engine(name)


def test_one_that_does_not_load_is_a_sentence(detectors, monkeypatch):
    def broken():
        raise OSError("no weights")

    monkeypatch.setattr(picker, "create_engine", lambda settings: Engine(broken))
    with pytest.raises(Problem, match=r"The detector b/other could not be loaded\."):
        detectors.engine("b/other")
