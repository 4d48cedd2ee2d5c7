from __future__ import annotations

import pytest
import torch

from detector.editscope.network import Network
from detector.editscope.parameters import Parameters
from tests.detector.editscope.test_modeling import WIDTHS
from training.grow import ADDED, DEEPEST, HEAD, grown

WIDTH = 4  # channels taken away again


def test_a_grown_network_answers_as_before() -> None:
    """Inputs whose weights are zero may as well not be there: taken out and grown again."""
    torch.manual_seed(0)
    network = Network(Parameters(**WIDTHS)).eval()
    state = network.state_dict()
    deep = state[DEEPEST].shape[1]
    state[DEEPEST][:, deep - WIDTH :] = 0
    state[HEAD][:, deep - WIDTH : deep] = 0
    pixels = torch.rand(1, 3, 64, 96) * 255
    with torch.inference_mode():
        expected = network(pixels)
    head = state[HEAD]
    old = state | {
        DEEPEST: state[DEEPEST][:, :-WIDTH],
        HEAD: torch.cat([head[:, : deep - WIDTH], head[:, deep:]], 1),
    }
    network.load_state_dict(grown(old, state))
    with torch.inference_mode():
        got = network(pixels)
    torch.testing.assert_close(got.labels, expected.labels, atol=0, rtol=0)
    torch.testing.assert_close(got.map, expected.map, atol=0, rtol=0)


def test_what_is_new_altogether_is_taken_as_it_is() -> None:
    new = {"a": torch.zeros(2), f"{ADDED}weight": torch.ones(3)}
    result = grown({"a": torch.ones(2)}, new)
    assert result["a"].tolist() == [1, 1]
    assert result[f"{ADDED}weight"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ({"a": torch.ones(2)}, {"b": torch.ones(2)}, "not of one kind"),
        ({"a": torch.ones(2)}, {"a": torch.ones(3)}, r"a is \(2,\), not \(3,\)"),
        ({"a": torch.ones(2, 3)}, {"a": torch.ones(3, 3)}, "a is"),
        ({"a": torch.ones(2, 3)}, {"a": torch.ones(2, 2)}, "a is"),
    ],
)
def test_what_differs_in_more_than_its_inputs_is_refused(
    old: dict[str, torch.Tensor], new: dict[str, torch.Tensor], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        grown(old, new)
