"""Sums of weights of normalised weights: one for each variation, over exactly the events that count.

They are kept as differences to the nominal, so that chunks in which a variation does not apply count in its
sum as they do in its histograms, as the nominal. Added exactly, in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ..analysis.steering.variations import NOMINAL

__all__ = ["OwnTotals"]


class OwnTotals:
    """What chunks and files tell (see `analysis.loop.sums.OwnSums`), added up.

    >>> totals = OwnTotals()
    >>> totals.add(10.0, {"nominal": 10.0, "pdf_up": 12.0})
    >>> totals.add(10.0, {"nominal": 10.0})
    >>> totals.relative()
    {'nominal': 1.0, 'pdf_up': 1.1}
    """

    def __init__(self) -> None:
        self._above = Fraction()
        self._nominal = Fraction()
        self._more: dict[str, Fraction] = {}

    def add(self, above: float, labels: Mapping[str, float], share: Fraction = Fraction(1)) -> None:
        """Add what a chunk tells, or the `share` of a file that was processed."""
        nominal = Fraction(labels[NOMINAL])
        self._above += share * Fraction(above)
        self._nominal += share * nominal
        for label, total in labels.items():
            if label != NOMINAL:
                more = share * (Fraction(total) - nominal)
                self._more[label] = self._more.get(label, Fraction()) + more

    def plus(self, other: OwnTotals) -> OwnTotals:
        """Both."""
        made = OwnTotals()
        for one in (self, other):
            made._above += one._above
            made._nominal += one._nominal
            for label, more in one._more.items():
                made._more[label] = made._more.get(label, Fraction()) + more
        return made

    def relative(self) -> dict[str, float]:
        """The sum of each variation by that of the weights above alone; empty where nothing was added."""
        if not self._above:
            return {}
        sums = {NOMINAL: self._nominal}
        sums |= {label: self._nominal + more for label, more in sorted(self._more.items())}
        return {label: float(total / self._above) for label, total in sums.items()}
