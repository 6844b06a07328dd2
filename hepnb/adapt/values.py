"""What a coffea accumulator holds, as plain data: this is how it comes from a worker.

Nothing is pickled. Carried are numbers, texts, bytes, lists, tuples, sets, dicts (also `defaultdict`
and `Counter`), NumPy numbers and arrays of plain types, awkward arrays, and coffea's own
accumulators; histograms in nested dicts are handed on by name. Whatever else stands in it is refused
with the place where it stands.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import RunError
from .names import joined

__all__ = ["HistOf", "decode", "encode", "with_hists"]

_PLAIN = (bool, float, str, bytes, type(None))
_SMALL = 1 << 63
_NUMBERS = "biufcmMSU"
_MAPPINGS: dict[str, Any] = {
    "dict": dict,
    "defaultdict": defaultdict,
    "Counter": Counter,
    "OrderedDict": OrderedDict,
}
_FACTORIES: dict[str, Any] = {
    made.__name__: made for made in (int, float, complex, str, bytes, bool, list, tuple, set, dict)
}
_COFFEA = "coffea.processor.accumulator"
_COLLECTIONS: dict[str, Any] = {"list": list, "tuple": tuple, "set": set}
_OF_COFFEA = {
    "list": "list_accumulator",
    "set": "set_accumulator",
    "dict": "dict_accumulator",
    "defaultdict": "defaultdict_accumulator",
}
_DEEPEST = 50


@dataclass(frozen=True)
class HistOf:
    """The place of a histogram, which is in the store under `name`: a sum of such is the same."""

    name: str
    own_name: str | None
    label: str | None

    def __add__(self, other: object) -> HistOf:
        if not isinstance(other, HistOf):
            raise RunError(f"histogram {self.name!r} is something else in another chunk")
        return self


def encode(value: Any, hists: dict[str, Any]) -> Any:
    """`value` as data for msgpack; its histograms are put into `hists` by their names.

    A histogram at `["tt"]["mass"]` is named `tt:mass`, one alone `hist`. Raises RunError, naming the place, for what
    cannot be carried.
    """
    return _encode_item(value, (), hists)


def _encode(value: Any, place: tuple[Any, ...], hists: dict[str, Any] | None) -> Any:
    """`hists` is None within what is no dict: a histogram there has no name of its own."""
    kind = type(value)
    if len(place) > _DEEPEST:
        raise RunError(f"the accumulator is nested more than {_DEEPEST} deep at {_said(place[:4])}")
    if kind in _PLAIN:
        return value
    if kind is int:
        return value if -_SMALL <= value < _SMALL else ["int", str(value)]
    if kind is complex:
        return ["complex", value.real, value.imag]
    if isinstance(value, np.generic | np.ndarray) and value.dtype.kind in _NUMBERS:
        return _array(value)
    if kind in _COLLECTIONS.values() or _is_coffeas(value, ("list", "set")):
        return [kind.__name__, [_encode(v, (*place, "..."), None) for v in value]]
    if kind in _MAPPINGS.values() or _is_coffeas(value, ("dict", "defaultdict")):
        items = [
            [_encode(k, place, None), _encode_item(v, (*place, k), hists)] for k, v in value.items()
        ]
        factory = getattr(value, "default_factory", None)
        return [kind.__name__, items, _factory(factory, place)]
    if kind.__module__ == "awkward.highlevel" and kind.__name__ == "Array":
        return _awkward(value)
    if kind.__module__.split(".")[0] == "coffea" and _is_accumulator(kind):
        facts = {
            k: ["factory", _factory(v, place)] if callable(v) else _encode(v, (*place, k), None)
            for k, v in vars(value).items()
        }
        return ["object", kind.__module__, kind.__name__, list(map(list, facts.items()))]
    raise RunError(
        f"process() gave a {kind.__module__}.{kind.__qualname__} at {_said(place)}, which cannot "
        f"leave the worker: {_mend(value)}"
    )


def _encode_item(value: Any, place: tuple[Any, ...], hists: dict[str, Any] | None) -> Any:
    if hists is None or not _is_hist(value):
        return _encode(value, place, hists)
    name = joined(place) if place else "hist"
    hists[name] = value
    return ["hist", name, value.name, value.label]


def _mend(value: Any) -> str:
    if _is_hist(value):
        return "put histograms into dicts, not into lists"
    if isinstance(value, np.ndarray):
        return "give arrays of numbers or texts"
    return "give numbers, texts, lists, sets, dicts, arrays or coffea's accumulators"


def _is_hist(value: Any) -> bool:
    import hist

    return isinstance(value, hist.BaseHist)


def _is_accumulator(kind: type) -> bool:
    return hasattr(kind, "identity") and hasattr(kind, "add")


def _is_coffeas(value: Any, which: Iterable[str]) -> bool:
    kind = type(value)
    return kind.__module__ == _COFFEA and kind.__name__ in {_OF_COFFEA[name] for name in which}


def _array(value: Any) -> list[Any]:
    array = np.asarray(value)
    kind = "scalar" if isinstance(value, np.generic) else "array"
    return [kind, array.dtype.str, list(array.shape), np.ascontiguousarray(array).tobytes()]


def _awkward(value: Any) -> list[Any]:
    import awkward as ak

    form, length, buffers = ak.to_buffers(ak.to_packed(ak.materialize(value)))
    return ["awkward", form.to_json(), length, [[k, _array(v)] for k, v in buffers.items()]]


def _factory(factory: Callable[[], Any] | None, place: tuple[Any, ...]) -> Any:
    """What a dict makes for a new key: by name, or as the value that it makes."""
    if factory is None:
        return None
    if factory in _FACTORIES.values():
        return getattr(factory, "__name__", "")
    return ["made", _encode(factory(), (*place, "the default"), None)]


def _said(place: tuple[Any, ...]) -> str:
    return "".join("[...]" if key == "..." else f"[{key!r}]" for key in place) or "the top"


# -- and back ---------------------------------------------------------------------------------


def decode(data: Any) -> Any:
    """The value of which `encode` made this. Raises RunError where it is not that."""
    try:
        return _decode(data)
    except (ImportError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"not an accumulator of this version of hepnb: {error!r}") from None


def _decode(data: Any) -> Any:
    if not isinstance(data, list):
        return data
    tag, *rest = data
    if tag == "int":
        return int(rest[0])
    if tag == "complex":
        return complex(*rest)
    if tag == "hist":
        return HistOf(*rest)
    if tag in ("array", "scalar"):
        array = _array_of(rest)
        return array if tag == "array" else array[()]
    if tag == "awkward":
        import awkward as ak

        form, length, buffers = rest
        return ak.from_buffers(
            ak.forms.from_json(form), length, {k: _array_of(v[1:]) for k, v in buffers}
        )
    if tag == "object":
        return _object(*rest)
    if tag in _COLLECTIONS or tag in (_OF_COFFEA["list"], _OF_COFFEA["set"]):
        return _class(tag, _COLLECTIONS)(_decode(v) for v in rest[0])
    items = [(_decode(k), _decode(v)) for k, v in rest[0]]
    kind = _class(tag, _MAPPINGS)
    if issubclass(kind, defaultdict):
        return kind(_maker(rest[1]), items)
    made = kind()
    for key, value in items:
        made[key] = value
    return made


def _array_of(facts: list[Any]) -> Any:
    dtype, shape, data = facts
    return np.frombuffer(data, np.dtype(dtype)).reshape(shape).copy()


def _class(name: str, known: Mapping[str, Any]) -> Any:
    if name in known:
        return known[name]
    if name not in _OF_COFFEA.values():
        raise ValueError(f"a {name!r}")
    return getattr(import_module(_COFFEA), name)


def _maker(data: Any) -> Callable[[], Any] | None:
    if data is None or isinstance(data, str):
        made: Callable[[], Any] | None = None if data is None else _FACTORIES[data]
        return made
    return lambda: _decode(data[1])


def _object(module: str, name: str, facts: list[Any]) -> Any:
    """One of coffea's accumulators, with these facts; nothing of it is called."""
    if module.partition(".")[0] != "coffea":
        raise ValueError(f"an object of {module}")
    kind = getattr(import_module(module), name)
    if not isinstance(kind, type) or not _is_accumulator(kind):
        raise ValueError(f"{module}.{name}, which is no accumulator")
    made: Any = object.__new__(kind)
    for key, value in facts:
        is_factory = isinstance(value, list) and value[0] == "factory"
        setattr(made, key, _maker(value[1]) if is_factory else _decode(value))
    return made


def with_hists(value: Any, hist_of: Callable[[HistOf], Any]) -> Any:
    """`value` with the histograms in their places; dicts are changed as they stand."""
    if isinstance(value, HistOf):
        return hist_of(value)
    if isinstance(value, dict):
        for key, held in value.items():
            value[key] = with_hists(held, hist_of)
    return value
