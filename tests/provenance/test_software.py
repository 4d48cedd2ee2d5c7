from __future__ import annotations

import pytest

from provenance.software import Trace, find_traces, source_type

A1111 = "a castle\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1"
JOB = "a castle --v 6.0 Job ID: 0b1f8f1c-9c1e-4a5d-8b1c-0123456789ab"


@pytest.mark.parametrize(
    ("where", "text", "name", "kind"),
    [
        ("EXIF Software", "Adobe Photoshop CC 2019 (Windows)", "Adobe Photoshop", "editor"),
        ("EXIF Software", "GIMP 2.10.36", "GIMP", "editor"),
        ("PNG text Description", JOB, "Midjourney", "generator"),
        ("PNG text workflow", "{}", "ComfyUI", "generator"),
        ("IPTC Credit", "Made with Google AI", "Google AI", "generator"),
        ("IPTC Instructions", "FBMD01000ac5030000", "Facebook", "converter"),
    ],
)
def test_programs_are_recognised(where: str, text: str, name: str, kind: str) -> None:
    (trace,) = find_traces([(where, text)])
    assert (trace.name, trace.kind, trace.where) == (name, kind, where)


@pytest.mark.parametrize("where", ["PNG text parameters", "EXIF UserComment", "JPEG comment"])
def test_generation_parameters_are_recognised_wherever_they_are(where: str) -> None:
    (trace,) = find_traces([(where, A1111)])
    assert trace.kind == "generator"
    assert "Steps: 20" in trace.quote


def test_what_names_no_program_is_no_trace() -> None:
    texts = ["Ver.1.00", "Nikon D90", "a photo of a fluxgate", "steps in the sand", "gimpy"]
    assert find_traces([("EXIF Software", text) for text in texts]) == ()


def test_a_program_is_named_once() -> None:
    traces = find_traces([("EXIF Software", "Photoshop"), ("XMP", "Adobe Photoshop 25")])
    assert traces == (Trace("Adobe Photoshop", "editor", "EXIF Software", "Photoshop"),)


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", "generator"),
        ("compositeWithTrainedAlgorithmicMedia", "assistant"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", "camera"),
    ],
)
def test_source_types_say_who_made_it(uri: str, kind: str) -> None:
    found = source_type(uri)
    assert found is not None
    assert found[1] == kind


def test_an_unknown_source_type_says_nothing() -> None:
    assert source_type("http://example.com/whatever") is None
