from __future__ import annotations

import pytest

from provenance import read
from tests.provenance.files import jpeg, png
from tests.provenance.signing import chain, sign

pytest.importorskip("c2pa")


@pytest.fixture(scope="module")
def signed() -> bytes:
    return sign(jpeg(), source_type="trainedAlgorithmicMedia")


def test_a_signature_of_a_stranger_is_intact_but_untrusted(signed: bytes) -> None:
    found = read(signed)
    assert found.credentials.state == "untrusted"
    assert found.credentials.signer == "Test Signer, EditScope tests"
    assert found.credentials.generator == "Test Camera 1.0"
    assert found.credentials.failures == ()
    assert any("was not checked" in line for line in found.summary)


def test_a_signature_of_somebody_trusted_is_trusted(signed: bytes) -> None:
    found = read(signed, trust_anchors=chain().root)
    assert found.credentials.state == "trusted"
    assert any("trusted here" in line for line in found.summary)


@pytest.mark.parametrize("distance", [100, 2000])
def test_changed_pixels_break_the_signature(signed: bytes, distance: int) -> None:
    changed = bytearray(signed)
    changed[-distance] ^= 1
    found = read(bytes(changed), trust_anchors=chain().root)
    assert found.credentials.state == "invalid"
    assert any("dataHash.mismatch" in failure for failure in found.credentials.failures)
    assert found.credentials.changed
    assert any("changed after it was signed" in line for line in found.summary)


def test_an_ai_assertion_is_said_in_plain_words(signed: bytes) -> None:
    found = read(signed)
    assert found.credentials.sources == (("generative AI", "generator"),)
    assert any("made by generative AI" in line for line in found.summary)


def test_a_partial_ai_assertion_is_told_from_a_whole_one() -> None:
    found = read(sign(jpeg(), source_type="compositeWithTrainedAlgorithmicMedia"))
    assert [kind for _, kind in found.credentials.sources] == ["assistant"]
    assert any("a part of the picture" in line for line in found.summary)


def test_a_camera_is_not_said_to_be_ai() -> None:
    found = read(sign(jpeg(), source_type="digitalCapture"))
    assert [kind for _, kind in found.credentials.sources] == ["camera"]
    assert not any("AI" in line for line in found.summary)


def test_a_broken_rule_is_not_said_to_be_a_change() -> None:
    found = read(sign(jpeg()))  # the standard wants a source type with this action
    assert found.credentials.state == "invalid"
    assert not found.credentials.changed
    assert any("break a rule" in line for line in found.summary)
    assert not any("were changed" in line for line in found.summary)


def test_png_is_read_too() -> None:
    found = read(sign(png(), "image/png", "trainedAlgorithmicMedia"))
    assert found.credentials.state == "untrusted"


def test_no_credentials_are_no_fault() -> None:
    assert read(jpeg()).credentials.state == "none"


def test_a_cut_file_is_said_to_be_damaged(signed: bytes) -> None:
    found = read(signed[: len(signed) // 3])
    assert found.credentials.state in ("unreadable", "invalid")


def test_the_network_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    import c2pa

    asked = []
    original = c2pa.Context.from_dict

    def spy(settings, *args, **kwargs):
        asked.append(settings)
        return original(settings, *args, **kwargs)

    monkeypatch.setattr(c2pa.Context, "from_dict", spy)
    read(sign(jpeg()))
    assert asked[-1]["verify"]["remote_manifest_fetch"] is False
    assert asked[-1]["verify"]["ocsp_fetch"] is False
    assert asked[-1]["core"]["allowed_network_hosts"] == []
