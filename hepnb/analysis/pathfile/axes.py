"""The axes of hist as JSON: their type, what they are made of, and what is not as usual."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from ...errors import PathError

__all__ = ["axis_of", "said_of_axis"]

_MOST = 10_000_000
_NAMED_TRANSFORMS = ("log", "sqrt")


def said_of_axis(axis: Any, where: str) -> dict[str, Any]:
    """An axis as plain data, from which `axis_of` makes an equal one. Raises `PathError` for others."""
    kind = type(axis).__name__
    text = axis._ax.raw_metadata.get("label")  # hist shows the name where there is none
    label = {"label": text} if text else {}
    for made_of in _MADE_OF[kind](axis) if kind in _MADE_OF else ():
        plain = {"type": kind, **made_of, **label}
        for flags in _flags(axis):
            said = {**plain, **flags}
            try:
                if axis_of(said, axis.name) == axis:
                    return said
            except (TypeError, ValueError, KeyError):
                continue
    raise PathError(
        f"{where}: JSON cannot hold {axis!r}; take a Regular, Variable, Integer, Boolean or "
        "IntCategory axis without metadata of your own"
    )


def axis_of(said: Mapping[str, Any], name: str) -> Any:
    """The axis that is meant. Raises TypeError, ValueError or KeyError where it makes none."""
    import hist

    words = {key: value for key, value in said.items() if key not in ("type", "transform")}
    if isinstance(words.get("bins"), float) or words.get("bins", 1) > _MOST:
        raise ValueError(f"{words['bins']} bins")
    if "transform" in said:
        words["transform"] = _transform(said["transform"])
    return getattr(hist.axis, said["type"])(**words, name=name)


def _transform(said: Any) -> Any:
    import hist

    if said in _NAMED_TRANSFORMS:
        return getattr(hist.axis.transform, said)
    if isinstance(said, int | float):
        return hist.axis.transform.Pow(said)
    raise ValueError(f"transform is log, sqrt or a power, not {said!r}")


def _flags(axis: Any) -> Iterator[dict[str, bool]]:
    """What an axis is asked for besides its edges: as little as will do."""
    asked = {flag: True for flag in ("growth", "circular") if getattr(axis.traits, flag)}
    yield asked
    yield asked | {flag: getattr(axis.traits, flag) for flag in ("underflow", "overflow")}
    yield asked | {"overflow": axis.traits.overflow}


def _regular(axis: Any) -> Iterator[dict[str, Any]]:
    """With the ends that it was made with, as near as its edges tell."""
    transform: dict[str, Any] = {}
    if (given := axis.transform) is not None:
        said = str(given).removesuffix("()")
        transform["transform"] = getattr(given, "power", said)
    edges = axis.edges
    for start, stop in product(_near(edges[0]), _near(edges[-1])):
        yield {"bins": len(axis), "start": start, "stop": stop, **transform}


def _near(value: float) -> Iterator[float]:
    """A number, and those beside it: edges are computed."""
    up = down = float(value)
    yield float(f"{value:.12g}")
    yield up
    for _ in range(4):
        up, down = math.nextafter(up, math.inf), math.nextafter(down, -math.inf)
        yield from (up, down)


_MADE_OF: dict[str, Callable[[Any], Any]] = {
    "Regular": _regular,
    "Variable": lambda axis: [{"edges": axis.edges.tolist()}],
    "Integer": lambda axis: [{"start": int(axis.edges[0]), "stop": int(axis.edges[-1])}],
    "Boolean": lambda axis: [{}],  # noqa: ARG005
    "IntCategory": lambda axis: [{"categories": list(axis)}],
}
