from __future__ import annotations

import socket
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from isolation.channel import Channel


@pytest.fixture(scope="module")
def ends() -> Iterator[tuple[Channel, Channel]]:
    channels = tuple(Channel(end) for end in socket.socketpair())
    yield channels  # type: ignore[misc]
    for channel in channels:
        channel.close()


@given(array=arrays(st.sampled_from([np.uint8, np.float32]), array_shapes(max_dims=3, min_side=0)))
def test_an_array_arrives_as_it_was(ends: tuple[Channel, Channel], array: np.ndarray) -> None:
    here, there = ends
    here.send({"word": "é"}, array)
    message, received = there.receive(10)
    assert message["word"] == "é"
    assert received is not None
    assert received.dtype == array.dtype
    assert np.array_equal(received, array, equal_nan=True)
    assert received.flags.writeable


def test_a_message_longer_than_a_buffer(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    here.send({"text": "x" * 100_000})
    message, received = there.receive(10)
    assert message == {"text": "x" * 100_000}
    assert received is None


def test_numbers_that_are_none_pass(ends: tuple[Channel, Channel]) -> None:
    ends[0].send({"values": [float("nan"), float("inf")]})
    assert str(ends[1].receive(10)[0]["values"]) == "[nan, inf]"


def test_silence_and_a_closed_end() -> None:
    here, there = (Channel(end) for end in socket.socketpair())
    with pytest.raises(TimeoutError):
        here.receive(0.001)
    there.close()
    with pytest.raises(EOFError):
        here.receive(None)
    here.close()


@pytest.mark.parametrize(
    "rubbish",
    [
        b"no json\n",
        b'{"half',
        b"\xff\xfe\n",
        b"[1]\n",
        b'{"shape": [9, 9], "dtype": "<f4"}\n',  # no array came with it
        b'{"shape": [0], "dtype": "O"}\n',
        b'{"shape": [0]}\n',
        b'{"shape": 0, "dtype": "<f4"}\n',
    ],
)
def test_rubbish_counts_as_the_end(rubbish: bytes) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(rubbish)
    theirs.close()
    with ours, pytest.raises(EOFError):
        Channel(ours).receive(10)


def test_half_a_message_is_waited_for_no_longer_than_said() -> None:
    ours, theirs = socket.socketpair()
    here = Channel(ours)
    theirs.sendall(b'{"word"')
    with pytest.raises(TimeoutError):
        here.receive(0.01)
    theirs.sendall(b': "whole"}\n')
    assert here.receive(10) == ({"word": "whole"}, None)
    theirs.close()
    here.close()
