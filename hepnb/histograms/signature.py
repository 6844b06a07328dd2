"""What a histogram is, without its contents: name, axes, storage, label, metadata.

A signature travels between processes as the JSON form of the Unified Histogram Interface
(https://uhi.readthedocs.io/en/latest/serialization.html) without data. Its axes are always those
that this form gives back, so that a bin edge is the same number in every process.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
from boost_histogram.serialization import to_uhi

from ..errors import StoreError, nearest
from .cells import Cell, cell_of, storage_name
from .refusal import HistKeyError, HistTypeError, HistValueError

__all__ = ["CATEGORY", "Signature", "check_id", "check_name", "check_text", "relabelled"]

CATEGORY = (bh.axis.StrCategory, bh.axis.IntCategory)
_AXES = (bh.axis.Regular, bh.axis.Variable, bh.axis.Integer, bh.axis.Boolean, *CATEGORY)
_PLAIN = (str, int, float, bool)
_BY_TYPE = {
    "double": "Double",
    "int": "Int64",
    "weighted": "Weight",
    "mean": "Mean",
    "weighted_mean": "WeightedMean",
}


@dataclass(frozen=True, eq=False)
class Signature:
    """One histogram of a store.

    `axes` are `hist.axis` objects; the category axes split the histogram into one dense block per
    tuple of labels, all other axes are the dense axes of a block.

    >>> s = Signature.from_axes("mass", [hist.axis.Regular(10, 0, 1, name="m")], "Weight")
    >>> s.bins, s.fields
    (12, ('values', 'variances'))
    >>> Signature.from_dict(s.to_dict()) == s
    True
    """

    name: str
    uhi: Mapping[str, Any]
    axes: tuple[Any, ...] = field(repr=False)
    storage: str

    @classmethod
    def from_axes(
        cls,
        name: str,
        axes: Iterable[Any],
        storage: Any = "Double",
        label: str = "",
        metadata: Mapping[str, Any] | None = None,
        *,
        in_memory: bool = False,
    ) -> Signature:
        """Make a signature of `hist.axis` (or boost-histogram) axes.

        Raises StoreError for an axis or storage that a store cannot hold; only in memory may
        axes that are no category axes grow.
        """
        check_name(name)
        facts = {"name": name, "label": label or None} if metadata is None else dict(metadata)
        axes = list(axes)
        named = [ax.name for ax in axes if getattr(ax, "name", "")]
        if len(set(named)) < len(named):
            raise HistKeyError(f"histogram {name!r}: two axes have one name, of {named}")
        kept = storage_name(storage)
        uhi = {
            "uhi_schema": 1,
            "axes": [_axis_dict(ax, i, name, may_grow=in_memory) for i, ax in enumerate(axes)],
            "storage": {"type": cell_of(kept).uhi},
            "metadata": _facts(facts, f"histogram {name!r}"),
        }
        if kept not in _BY_TYPE.values():  # UHI has fewer types than boost-histogram has storages
            uhi["writer_info"] = {"boost-histogram": {"storage_type": kept}}
        made = cls.from_dict({"name": name, **uhi})
        if made.grows_dense and made.cell.variations:
            raise HistTypeError(
                f"histogram {name!r}: a MultiCell storage forgets what it holds when an axis of "
                "numbers grows (boost-histogram does); give the axis a fixed range"
            )
        return made

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Signature:
        """The signature that `to_dict` wrote; StoreError when it is not one."""
        try:
            name = check_name(d["name"])
            uhi = {k: d[k] for k in ("uhi_schema", "axes", "storage", "metadata")}
            kind = uhi["storage"]["type"]
            if "writer_info" in d:
                uhi["writer_info"] = d["writer_info"]
                storage = cell_of(d["writer_info"]["boost-histogram"]["storage_type"]).storage
                if cell_of(storage).uhi != kind:
                    raise ValueError(f"{storage} as {kind}")
            else:
                storage = _BY_TYPE[kind]
            bare = [_from_axis_dict(a) for a in uhi["axes"]]
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise StoreError(
                f"not a histogram's signature ({type(error).__name__}: {error}); "
                "was it written by a newer hepnb?"
            ) from None
        return cls(name, uhi, tuple(bare), storage)

    def to_dict(self) -> dict[str, Any]:
        """The JSON-able form: UHI without data, and the name."""
        return {"name": self.name, **self.uhi}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signature) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def label(self) -> str:
        """The histogram's label, or the empty string."""
        return str(self.metadata.get("label", ""))

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The histogram's own metadata, its name and label among them."""
        found: Mapping[str, Any] = self.uhi["metadata"]
        return found

    @cached_property
    def category_axes(self) -> tuple[int, ...]:
        """Positions of the category axes."""
        return tuple(i for i, ax in enumerate(self.axes) if isinstance(ax, CATEGORY))

    @cached_property
    def declared(self) -> Mapping[int, frozenset[str | int]]:
        """The labels that each category axis was made with."""
        return {i: frozenset(self.uhi["axes"][i]["categories"]) for i in self.category_axes}

    @cached_property
    def dense_axes(self) -> tuple[int, ...]:
        """Positions of all other axes."""
        return tuple(i for i, ax in enumerate(self.axes) if not isinstance(ax, CATEGORY))

    @cached_property
    def block_shape(self) -> tuple[int, ...]:
        """Bins of each dense axis, flow bins included: the shape of a block, C order."""
        return tuple(self.axes[i].extent for i in self.dense_axes)

    @cached_property
    def bins(self) -> int:
        """Bins of one block, flow bins included."""
        return math.prod(self.block_shape)

    @cached_property
    def cell(self) -> Cell:
        """What one bin holds."""
        return cell_of(self.storage)

    @property
    def fields(self) -> tuple[str, ...]:
        """The arrays kept per block: `values`, and `variances` for Weight (see `cells`)."""
        return self.cell.fields

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of each of these numbers."""
        return self.cell.dtype

    @property
    def grows_dense(self) -> bool:
        """Whether an axis grows that is no category axis: in memory only."""
        return any(self.axes[i].traits.growth for i in self.dense_axes)

    def new_storage(self) -> Any:
        """A fresh boost-histogram storage of this kind."""
        return self.cell.new()

    def position(self, axis: str) -> int:
        """The position of the axis of this name; HistValueError with the nearest name."""
        names = [ax.name for ax in self.axes]
        if axis not in names:
            raise HistValueError(
                f"histogram {self.name!r} has no axis {axis!r}{nearest(axis, names)}"
            )
        return names.index(axis)


def check_name(name: Any) -> str:
    """A histogram's or table's name that can be the name of an HDF5 group."""
    if not isinstance(name, str) or not name or name in (".", "..") or len(name) > 200:
        raise HistValueError(f"{name!r} cannot be a name: use 1 to 200 characters, not '.' or '..'")
    if "/" in name or not name.isprintable():
        raise HistValueError(f"name {name!r} cannot hold '/' or unprintable characters")
    return name


def check_id(unique_id: object) -> None:
    """Refuse what cannot be the unique id of a contribution."""
    if not isinstance(unique_id, str) or not unique_id:
        raise HistTypeError(f"id {unique_id!r:.60}: give a text that is not empty")


def check_text(text: str) -> str:
    """A label that every file format can hold: Unicode without a null character."""
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise HistValueError(f"text {text!r} cannot be stored: leave out what is no character")
    return text


def _facts(facts: Mapping[str, Any], said: str) -> dict[str, Any]:
    """The metadata that are there, if a store can keep them."""
    kept = {k: v for k, v in facts.items() if v is not None and not k.startswith("@")}
    for key, value in kept.items():
        if not isinstance(value, _PLAIN):
            raise HistTypeError(
                f"{said}: metadata {key!r} is a {type(value).__name__}; "
                "a store keeps str, int, float and bool"
            )
        if isinstance(value, str):
            check_text(value)
    return kept


def relabelled(ax: Any, labels: Iterable[str | int]) -> Any:
    """A category axis like `ax` with other labels."""
    facts = dict(ax.__dict__)
    return type(ax)(
        list(labels),
        growth=ax.traits.growth,
        overflow=ax.traits.overflow,
        name=facts.get("name", ""),
        label=facts.get("label", ""),
        __dict__=facts,
    )


def _axis_dict(ax: Any, position: int, where: str, *, may_grow: bool) -> dict[str, Any]:
    """The UHI form of one axis, from which exactly this axis comes back."""
    said = f"axis {getattr(ax, 'name', '') or position!r} of histogram {where!r}"
    if not isinstance(ax, _AXES):
        raise HistTypeError(f"{said} is a {type(ax).__name__}, not an axis that a store can hold")
    if ax.traits.growth and not isinstance(ax, CATEGORY) and not may_grow:
        raise HistTypeError(
            f"{said} grows: a block's bins are fixed on disk; use flow bins or a wider range"
        )
    facts = dict(ax.__dict__)
    if not facts.get("label") and not facts.get("name"):
        facts["label"] = f"Axis {position}"  # as hist.Hist does
    facts = _facts(facts, said)
    for label in ax if isinstance(ax, bh.axis.StrCategory) else ():
        check_text(str(label))
    form = dict(to_uhi(bh.Histogram(ax, storage=bh.storage.Int64()), keep_storage=False)["axes"][0])
    if "edges" in form:
        form["edges"] = [float(e) for e in form["edges"]]
    form["metadata"] = facts
    if isinstance(ax, bh.axis.Regular):
        return _exact_regular(ax, form, said)
    return form


def _exact_regular(ax: Any, form: dict[str, Any], said: str) -> dict[str, Any]:
    """Choose the written limits, within some ulp, that give back this very axis."""
    spot = form if form["type"] == "regular" else form.get("writer_info", {}).get("boost-histogram")
    if spot is None or "lower" not in spot:
        raise HistTypeError(
            f"{said} has a transform of its own; a store keeps log, sqrt and Pow (or a Variable axis)"
        )
    lower, upper = spot["lower"], spot["upper"]
    for low in _near(lower):
        for up in _near(upper):
            spot["lower"], spot["upper"] = low, up
            if np.array_equal(_from_axis_dict(form).edges, ax.edges):
                return form
    spot["lower"], spot["upper"] = lower, upper
    return form


def _near(x: float) -> list[float]:
    around = [x]
    for direction in (-math.inf, math.inf):
        y = x
        for _ in range(3):
            y = math.nextafter(y, direction)
            around.append(y)
    return around


def _from_axis_dict(form: Mapping[str, Any]) -> Any:
    """The `hist.axis` object of one axis' UHI form."""
    kind, extra = form["type"], form.get("writer_info", {}).get("boost-histogram", {})
    facts = dict(form.get("metadata", {}))
    own: dict[str, Any] = {
        "name": facts.get("name", ""),
        "label": facts.get("label", ""),
        "__dict__": facts,
    }
    if kind == "boolean":
        return hist.axis.Boolean(**own)
    if kind in ("category_str", "category_int"):
        category = hist.axis.StrCategory if kind == "category_str" else hist.axis.IntCategory
        growth = bool(extra.get("growth", False))
        return category(form["categories"], growth=growth, overflow=form["flow"], **own)
    if "transform" in extra:
        shape = {"log": hist.axis.transform.log, "sqrt": hist.axis.transform.sqrt}
        name = extra["transform"]
        own["transform"] = shape[name] if name != "pow" else hist.axis.transform.Pow(extra["power"])
        return hist.axis.Regular(extra["bins"], extra["lower"], extra["upper"], **own)
    own |= {k: form[k] for k in ("underflow", "overflow", "circular")}
    own["growth"] = bool(extra.get("growth", False))
    if kind == "variable":
        return hist.axis.Variable(form["edges"], **own)
    if extra.get("orig_type") == "Integer":
        return hist.axis.Integer(form["lower"], form["upper"], **own)
    if kind != "regular":
        raise ValueError(f"axis type {kind!r}")
    return hist.axis.Regular(form["bins"], form["lower"], form["upper"], **own)
