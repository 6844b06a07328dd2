"""The conformance suite of the UHI standard, with the tags of uhi, hist and boost-histogram."""

from __future__ import annotations

from typing import Any

import boost_histogram.tag
import hist.tag
import pytest
import uhi.tag
from uhi.testing.indexing import Indexing1D, Indexing2D, Indexing3D

from hepnb.histograms import H5Hist

SUITES = (Indexing1D, Indexing2D, Indexing3D)
TAGS = {"uhi": uhi.tag, "hist": hist.tag, "bh": boost_histogram.tag}


def _suite(base: Any, name: str, tag: Any) -> type:
    def make_histogram(cls: Any) -> H5Hist:
        return H5Hist._from_uhi_(cls.get_uhi())

    own = {"tag": tag, "make_histogram": classmethod(make_histogram), "__module__": __name__}
    return type(f"Test{base.__name__}{name.title()}", (base,), own)


for _name, _tag in TAGS.items():
    for _base in SUITES:
        _made = _suite(_base, _name, _tag)
        globals()[_made.__name__] = _made
del _made


def test_it_is_all_of_the_suite() -> None:
    for name in TAGS:
        found = [
            c for n, c in globals().items() if n.startswith("Test") and n.endswith(name.title())
        ]
        assert sum(m.startswith("test_") for c in found for m in dir(c)) == 72


@pytest.mark.parametrize("base", SUITES)
def test_also_on_disk(base: Any, tmp_path: Any) -> None:
    made = H5Hist.from_uhi(base.get_uhi(), path=tmp_path / "h")
    assert made == made[...]
    made.close()
