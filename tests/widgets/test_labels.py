"""Labels and numbers as the field writes them."""

from __future__ import annotations

import pytest

from hepnb.widgets.labels import number, plain, runs, short, unit


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("mass", (("mass", 0),)),
        (r"$p_T$ [GeV]", (("p", 0), ("T", -1), (" [GeV]", 0))),
        (r"$p_{\mathrm{T}}^{\mu\mu}$", (("p", 0), ("T", -1), ("μμ", 1))),
        (r"$\Delta\phi(\ell,\ell)$", (("Δφ(ℓ,ℓ)", 0),)),
        (r"$x_1y$", (("x", 0), ("1", -1), ("y", 0))),
        (r"$\bar{b}b$", (("b\u0305b", 0),)),
        (r"cost $5 only", (("cost $5 only".replace("$", ""), 0),)),
        (r"\eta of the muon", (("η of the muon", 0),)),
        ("", ()),
    ],
)
def test_runs(label: str, expected: object) -> None:
    assert runs(label) == expected


def test_plain_and_unit() -> None:
    assert plain(r"$m_{\mu\mu}$ [GeV]") == "m_μμ [GeV]"
    assert unit(r"$q^2$ [GeV$^2$]") == "GeV^2"
    assert unit("eta") == ""
    assert unit("HT / GeV") == unit(r"$p_T$/GeV") == "GeV"
    assert unit("S/B") == unit("E / p") == ""


@pytest.mark.parametrize("label", ["}}}{{{", "$_", "$^{", "$\\", "$$$", "${_^}$", "\\"])
def test_broken_tex_is_no_error(label: str) -> None:
    assert isinstance(plain(label), str)


def test_numbers() -> None:
    assert number(1203) == "1\u2009203"
    assert number(float("inf")) == "∞"
    assert short(1e-7) == "1e-7"
