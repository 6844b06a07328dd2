"""The frames of every socket: whatever is cut wherever, the messages come out whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.frames import FrameError, FrameReader, encode

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
messages = st.dictionaries(st.text(min_size=1).filter(lambda k: k != "raw"), plain, max_size=5)


@given(st.lists(st.tuples(messages, st.none() | st.binary(max_size=300)), max_size=5), st.data())
def test_any_messages_survive_any_cut(sent, data):
    stream = b""
    for message, raw in sent:
        stream += encode(message if raw is None else {**message, "raw": len(raw)}) + (raw or b"")
    reader = FrameReader()
    received = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        received += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert [raw for _, raw in received] == [raw or b"" for _, raw in sent]
    assert [{k: v for k, v in m.items() if k != "raw"} for m, _ in received] == [m for m, _ in sent]


@pytest.mark.parametrize(
    "hostile",
    [
        b"\xff\xff\xff\xff\x01",
        b"\x00\x00\x00\x01\x07\x80",
        b"\x00\x00\x00\x01\x01\xc1",
        b"\x00\x00\x00\x01\x01\x05",
        encode({"raw": -1}),
        encode({"raw": "many"}),
        encode({"raw": 1 << 40}),
    ],
)
def test_what_is_no_frame_ends_the_conversation(hostile):
    with pytest.raises(FrameError):
        list(FrameReader().feed(hostile))


def test_a_side_chooses_how_much_it_takes():
    frame = encode({"k": "add", "raw": 100}) + bytes(100)
    assert list(FrameReader(longest_map=20, longest_raw=100).feed(frame))
    for longest_map, longest_raw in ((5, 100), (20, 99)):
        with pytest.raises(FrameError):
            list(FrameReader(longest_map, longest_raw).feed(frame))
