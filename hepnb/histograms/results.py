"""What an `H5Hist` can do because it is a `hist.Hist`: all of it acts on results in memory.

Being one, it stands wherever a `hist.Hist` may stand: on either side of an operator, in a
`hist.Stack`, in mplhep. What would change its contents behind its back is refused.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boost_histogram as bh
import hist
import numpy as np

from .construction import Chained
from .refusal import HistTypeError, refusal_like

if TYPE_CHECKING:
    from .signature import Signature

__all__ = ["Results", "plain"]

_BaseHist: Any = hist.BaseHist
_REFUSED = (IndexError, KeyError, TypeError, ValueError, RuntimeError, AttributeError)


def _of_result(name: str) -> Any:
    """The method of hist, carried out on the histogram in memory; its errors in one line."""
    method = getattr(hist.Hist, name)

    @functools.wraps(method)
    def act(self: Results, *args: Any, **options: Any) -> Any:
        return self._on_result(lambda full: getattr(full, name)(*map(plain, args), **options))

    return act


class Results(_BaseHist, metaclass=Chained):  # type: ignore[misc]
    """The methods of `hist.Hist` that need all of a histogram in memory: `to_hist()` gives it."""

    __hash__ = None  # type: ignore[assignment] # equal by content, which changes

    if TYPE_CHECKING:  # what the class below it gives

        @property
        def signature(self) -> Signature: ...
        @property
        def path(self) -> Path | None: ...
        def to_hist(self) -> Any: ...

    sort = _of_result("sort")
    stack = _of_result("stack")
    profile = _of_result("profile")
    density = _of_result("density")
    to_numpy = _of_result("to_numpy")
    allclose = _of_result("allclose")
    expand_cats = _of_result("expand_cats")
    show = _of_result("show")
    plot = _of_result("plot")
    plot1d = _of_result("plot1d")
    plot2d = _of_result("plot2d")
    plot2d_full = _of_result("plot2d_full")
    plot_pie = _of_result("plot_pie")
    plot_pull = _of_result("plot_pull")
    plot_ratio = _of_result("plot_ratio")

    def copy(self, *, deep: bool = True) -> Any:  # noqa: ARG002  as in hist
        """All of it as an in-memory `hist.Hist`: `to_hist()`."""
        return self.to_hist()

    def __copy__(self) -> Any:
        return self.to_hist()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.to_hist()

    def __getstate__(self) -> dict[str, Any]:
        if self.path is not None:
            raise HistTypeError(
                f"{self._said} is not pickled: send its path, and H5Hist.open({str(self.path)!r}, "
                f"{self.signature.name!r}, mode='r') there"
            )
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> Any:
        return np.array(self.to_hist().view(), dtype)

    def __str__(self) -> str:
        return repr(self)  # and not all of its bins

    # -- operators ------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, bh.Histogram):
            return False
        return bool(self.to_hist() == plain(other))

    @property
    def _hist(self) -> Any:
        """What boost-histogram compares and adds when this stands on the right of an operator."""
        return self.to_hist()._hist

    def _operated(self, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
        return self._on_result(lambda full: operation(full, plain(other)))

    def __add__(self, other: Any) -> Any:
        return self._operated(other, operator.add)

    def __sub__(self, other: Any) -> Any:
        return self._operated(other, operator.sub)

    def __mul__(self, other: Any) -> Any:
        return self._operated(other, operator.mul)

    def __truediv__(self, other: Any) -> Any:
        return self._operated(other, operator.truediv)

    def __radd__(self, other: Any) -> Any:
        return self._operated(other, lambda a, b: b + a)

    def __rsub__(self, other: Any) -> Any:
        return self._operated(other, lambda a, b: b - a)

    def __rmul__(self, other: Any) -> Any:
        return self._operated(other, lambda a, b: b * a)

    def __rtruediv__(self, other: Any) -> Any:
        return self._operated(other, lambda a, b: b / a)

    def _refused(self, *_: Any) -> Any:
        raise HistTypeError(
            f"{self._said} cannot be scaled, subtracted from or reset in place: what was "
            "contributed stays; take the result, h * 2, or h.to_hist()"
        )

    __imul__ = __isub__ = __itruediv__ = reset = _refused

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _said(self) -> str:
        return f"histogram {self.signature.name!r}"

    def _on_result(self, act: Callable[[Any], Any]) -> Any:
        full = self.to_hist()
        try:
            return act(full)
        except _REFUSED as error:
            text = " ".join(str(error.args[0] if error.args else type(error).__name__).split())
            raise refusal_like(error, f"{self._said}: {text}") from None

    @classmethod
    def _export_bh_(cls, made: Any) -> None:
        """boost-histogram makes a histogram of this one: it shall own nothing of it."""
        home = made.__dict__.pop("_home")
        made.__dict__.pop("_budget", None)
        made.__dict__.update(home.signature.metadata)
        made._variance_known = not home.read(lambda blocks: blocks.weighted())


def plain(other: Any) -> Any:
    """A histogram in memory, or `other` itself."""
    return other.to_hist() if isinstance(other, Results) else other
