from __future__ import annotations

import pytest
import torch

from detector.editscope.network import Network
from detector.editscope.parameters import Parameters
from detector.editscope.trunk import TAP_CHANNELS
from tests.detector.editscope.test_modeling import WIDTHS
from training.grow import ADDED_AT, grown

WIDTH = 4  # channels taken away again


def test_a_grown_network_answers_as_before() -> None:
    """Inputs whose weights are zero may as well not be there: taken out and grown again."""
    torch.manual_seed(0)
    network = Network(Parameters(**WIDTHS)).eval()
    state = network.state_dict()
    state["lateral.2.0.weight"][:, -WIDTH:] = 0
    first = TAP_CHANNELS[4]
    state["label_head.0.weight"][:, first : first + WIDTH] = 0
    pixels = torch.rand(1, 3, 64, 96) * 255
    with torch.inference_mode():
        expected = network(pixels)
    head = state["label_head.0.weight"]
    old = state | {
        "lateral.2.0.weight": state["lateral.2.0.weight"][:, :-WIDTH],
        "label_head.0.weight": torch.cat([head[:, :first], head[:, first + WIDTH :]], 1),
    }
    network.load_state_dict(grown(old, state))
    with torch.inference_mode():
        got = network(pixels)
    torch.testing.assert_close(got.labels, expected.labels, atol=0, rtol=0)
    torch.testing.assert_close(got.map, expected.map, atol=0, rtol=0)


def test_where_columns_are_added_between() -> None:
    (name, at), *_ = ADDED_AT.items()
    old, new = torch.ones(2, at + 3), torch.zeros(2, at + 5)
    result = grown({name: old}, {name: new})[name]
    assert result[0, at : at + 2].tolist() == [0, 0]
    assert result.sum() == old.sum()


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
