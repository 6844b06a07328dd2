"""The steps of a path as JSON, kind by kind: what is written of one, and how a path is told it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..cards.nodes import Mapping, Sequence
from ..cards.templates import refuse_taken
from ..language.formula import Call, Formula
from ..module.module import Module
from ..module.parameters import parameters_of
from ..module.registry import find_module, module_of
from ..steering.steps import (
    Branch,
    Category,
    Definition,
    Histogram,
    Lookup,
    ModuleStep,
    Replacement,
    Selection,
    Skim,
    Table,
    Vary,
    Weight,
)
from ..steering.variations import Scope, side_of
from .axes import axis_of, said_of_axis
from .layout import STEPS, SUB_PATH

if TYPE_CHECKING:
    from .reading import Reader
    from .writing import Writer

__all__ = ["FORMS"]


@dataclass(frozen=True)
class Form:
    """What is written of a step, as the arguments that `read` tells a path again."""

    write: Callable[[Any, Writer], dict[str, Any]]
    read: Callable[[Any, Mapping, Reader], None]


def _short(**said: Any) -> dict[str, Any]:
    """Without what is not there."""
    return {key: value for key, value in said.items() if value not in (None, {}, "")}


def _formulas(pairs: Iterable[tuple[str, Formula]], out: Writer, cut: int = 0) -> dict[str, Any]:
    """Formulas by name, with the first letters of names cut off."""
    return {name[cut:]: out.formula(formula) for name, formula in pairs}


def _scope(scope: Scope) -> dict[str, list[str]]:
    return {key: list(names) for key, names in asdict(scope).items() if names}


def _told(verb: str, kind: str) -> Callable[[Any, Mapping, Reader], None]:
    """Tell a path what a step has as arguments of the same names."""

    def read(path: Any, said: Mapping, reader: Reader) -> None:
        getattr(path, verb)(**reader.arguments(said, STEPS[kind]))

    return read


def _one(step: Definition | Selection, out: Writer) -> dict[str, Any]:
    return {"name": step.name, "formula": out.formula(step.formula)}


def _replacement(step: Replacement, out: Writer) -> dict[str, Any]:
    return {"column": step.name, "formula": out.formula(step.formula)}


def _lookup(step: Lookup, out: Writer) -> dict[str, Any]:
    return {"name": step.name, "table": out.value(step.table)}


def _table(step: Table, out: Writer) -> dict[str, Any]:
    return {"name": step.name, "columns": _formulas(step.columns, out)}


def _snapshot(step: Skim, _: Writer) -> dict[str, Any]:
    columns = None if step.columns is None else list(step.columns)
    return _short(
        name=step.name, columns=columns, any_variation=step.any_variation, format=step.format
    )


# variations


def _weight(step: Weight, out: Writer) -> dict[str, Any]:
    return {
        "name": step.name,
        "formula": out.formula(step.formula),
        **_short(
            variations=_formulas(step.variations, out, cut=len(step.name) + 1),
            each=None if step.each is None else out.formula(step.each),
            count=step.count or None,
            normalised=step.normalised or None,
        ),
        **_scope(step.scope),
    }


def _variation(step: Vary, out: Writer) -> dict[str, Any]:
    """One formula for a variation of one side, or where a function gives both."""
    said: dict[str, Any] = {"column": step.target, "nuisance": step.nuisance}
    (label, first), *_ = step.variations
    both = side_of(first.function) if isinstance(first, Call) else None
    if both is not None:
        said["formula"] = out.value(both)
    elif label == step.nuisance:
        said["formula"] = out.formula(first)
    else:
        said["variations"] = _formulas(step.variations, out, cut=len(step.nuisance) + 1)
    return said | _scope(step.scope)


def _read_variation(path: Any, said: Mapping, reader: Reader) -> None:
    words = reader.arguments(said, STEPS["variation"])
    what = words.pop("formula", None) or words.pop("variations")
    nuisance = words.pop("nuisance")
    refuse_taken([nuisance], path.vary, said, "a variation")
    path.vary(words.pop("column"), **{nuisance: what}, **words)


def _category(step: Category, out: Writer) -> dict[str, Any]:
    labels = _formulas(step.labels, out)
    return {"name": step.name, "labels": labels, **({} if step.exclusive else {"exclusive": False})}


def _read_category(path: Any, said: Mapping, reader: Reader) -> None:
    words = reader.arguments(said, STEPS["category"])
    labels = words.pop("labels")
    refuse_taken(labels, path.category, said, "a label")
    path.category(words.pop("name"), **labels, **words)


# histograms


def _histogram(step: Histogram, out: Writer) -> dict[str, Any]:
    axes = {
        name: {"formula": out.formula(formula), "axis": _axis(axis, name, out)}
        for (name, formula), axis in zip(step.inputs, step.axes, strict=True)
    }
    said: dict[str, Any] = {"name": step.name, "axes": axes}
    said |= {"by": list(step.by)} if step.by else {}
    said |= {} if step.weights is None else {"weights": list(step.weights)}
    said |= {} if step.variations == ("all",) else {"variations": list(step.variations)}
    others = {"where": step.where, "object_weight": step.object_weight}
    said |= {key: out.formula(f) for key, f in others.items() if f is not None}
    return said | _short(storage=step.storage, label=step.label)


def _axis(axis: Any, name: str, out: Writer) -> dict[str, Any]:
    where = out.error(f"axis {name!r}")
    return {key: out.value(value) for key, value in said_of_axis(axis, str(where)).items()}


def _read_histogram(path: Any, said: Mapping, reader: Reader) -> None:
    words = reader.arguments(said, STEPS["histogram"])
    axes = words.pop("axes")
    refuse_taken(axes, path.hist, said, "an axis")
    made = {}
    for name, one in axes.items():
        node = said.section("axes").section(name).section("axis")
        with reader.at(node):
            made[name] = (one["formula"], axis_of(one["axis"], name))
    path.hist(words.pop("name"), **made, **words)


# modules and sub-paths


def _module(step: ModuleStep, out: Writer) -> dict[str, Any]:
    kind = type(step.module)
    name = kind.__name__
    with_own = kind.__init__ is not Module.__init__
    if find_module(name) is not kind:
        raise out.error(f"its class is not the one that hn.modules knows as {name!r}; rename one")
    if with_own:
        raise out.error(
            "its class has an __init__ of its own; declare its parameters with hn.param"
        )
    parameters = {
        key: out.value(getattr(step.module, key), f"parameter {key!r}")
        for key in parameters_of(kind)
    }
    branches = [_branch(branch, out) for branch in step.module._branches]
    return {
        "class": name,
        **({"parameters": parameters} if parameters else {}),
        **({"if_": branches} if branches else {}),
    }


def _read_module(path: Any, said: Mapping, reader: Reader) -> None:
    words = reader.arguments(said, STEPS["module"])
    module = path.add_module(module_of(words["class"], words.get("parameters", {})))
    branches = said.get("if_")
    for node in branches.items if isinstance(branches, Sequence) else ():
        assert isinstance(node, Mapping)
        with reader.at(node):
            _read_branch(module, node, reader)


def _branch(step: Branch, out: Writer) -> dict[str, Any]:
    said: dict[str, Any] = {"path": out.path(step.path), "then": "end" if step.ends else "continue"}
    if step.formula is not None:
        said["condition"] = out.formula(step.formula)
    if step.merge_back is not None:
        said["merge_back"] = list(step.merge_back)
    if step.fill is not None:
        said["fill"] = out.value(step.fill, "fill")
    return said


def _read_branch(path: Any, said: Mapping, reader: Reader) -> None:
    """Also of a module; without a condition it is for all events, as beside the path."""
    words = reader.arguments(said, SUB_PATH)
    path.if_(words.pop("condition", None), reader.sub_path(words.pop("path")), **words)


FORMS: dict[str, Form] = {
    "definition": Form(_one, _told("define", "definition")),
    "lookup": Form(_lookup, _told("lookup", "lookup")),
    "replacement": Form(_replacement, _told("replace", "replacement")),
    "select": Form(_one, _told("select", "select")),
    "weight": Form(_weight, _told("weight", "weight")),
    "variation": Form(_variation, _read_variation),
    "category": Form(_category, _read_category),
    "module": Form(_module, _read_module),
    "histogram": Form(_histogram, _read_histogram),
    "table": Form(_table, _told("table", "table")),
    "snapshot": Form(_snapshot, _told("snapshot", "snapshot")),
    "sub-path": Form(_branch, _read_branch),
}
