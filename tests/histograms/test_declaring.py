"""Histograms that come to a store later: writers, readers and folds know them at once."""

from __future__ import annotations

from pathlib import Path

import hist
import pytest

from hepnb.errors import StoreError
from hepnb.histograms import Contribution, Signature, Store, StoreWriter
from hepnb.histograms.declaring import check_same, declare
from hepnb.histograms.manifest import stamp_of


def signature(name: str, bins: int = 4, storage: str = "Double") -> Signature:
    return Signature.from_axes(name, [hist.axis.Regular(bins, 0, 4, name="x")], storage)


def record(s: Signature, ident: str) -> bytes:
    made = Contribution({s.name: s})
    made.fill(s.name, x=[0.5, 1.5])
    return made.encode(ident, None, {})


def test_a_reader_follows_histograms_that_come_later(tmp_path: Path) -> None:
    with StoreWriter.create(tmp_path / "s", {}) as writer:
        reader = Store.open(tmp_path / "s")
        for n in range(3):
            late = signature(f"h{n}")
            assert declare(writer, late)
            writer.append(record(late, f"{n}-tail"))
            if n == 1:
                writer.fold()
            reader.refresh()
            assert [reader.hist(name).sum() for name in reader.names] == [2.0] * (n + 1)
    with StoreWriter.open(tmp_path / "s") as again:
        assert set(again.signatures) == {"h0", "h1", "h2"}
        assert not declare(again, signature("h1"))
        again.append(record(signature("h1"), "more"))
        again.seal()
    assert Store.open(tmp_path / "s").hist("h1").sum() == 4.0


def test_a_reader_with_an_older_manifest_reads_it_again(tmp_path: Path) -> None:
    """The manifest is looked at first and the journal after: a histogram may come in between."""
    with StoreWriter.create(tmp_path / "s", {}) as writer:
        reader = Store.open(tmp_path / "s")
        declare(writer, signature("late"))
        writer.append(record(signature("late"), "1"))
        reader._stamp = stamp_of(tmp_path / "s")  # as if the manifest had not changed yet
        assert reader.refresh()
        assert reader.hist("late").sum() == 2.0


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (signature("h", storage="Weight"), "another storage: 'Double' there and 'Weight' here"),
        (signature("h", bins=5), "another bins of axis 'x': 4 there and 5 here"),
        (
            Signature.from_axes("h", [hist.axis.Regular(4, 0, 4, name="y")]),
            "another metadata name of axis 'x': 'x' there and 'y' here",
        ),
        (Signature.from_axes("h", []), "another number of axes: 1 there and 0 here"),
    ],
)
def test_a_difference_is_said(other: Signature, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        check_same(signature("h"), other)
    check_same(signature("h"), signature("h"))
