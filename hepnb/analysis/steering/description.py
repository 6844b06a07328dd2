"""What a path is made of, as plain data: its steps, their parameters, and which column comes from which.

For views of a path; nothing is executed. What a step varies with is what its own arguments, and those
of the columns it reads, say: the dataset, random numbers, the systematic variation.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import PathError
from ..language.formula import RESERVED, Call, Formula
from ..language.usage import Use
from ..module.module import Module
from ..module.parameters import Param, parameters_of
from .arrangement import arrange
from .checking import check_steps
from .levels import Levels
from .plan import Plan, make_plan
from .steps import (
    Branch,
    Category,
    Definition,
    Histogram,
    Merged,
    ModuleStep,
    Replacement,
    Rest,
    Result,
    Selection,
    Skim,
    Step,
    Table,
    Vary,
    Weight,
    inputs,
    owned,
)
from .touch import Touch
from .variations import Selector
from .varying import labels_of, own_labels, varies

if TYPE_CHECKING:
    from .path import Path

__all__ = ["as_text", "columns", "describe_path"]

_LONGEST = 160
_UNIT = re.compile(r"\s*\[(?P<unit>[^\[\]]{1,20})\]\s*$")


def describe_path(path: Path) -> dict[str, Any]:
    """Steps, parameters and links of a path, in its order; `problem` is what is wrong with it, if anything.

    A step has `kind`, `name`, `formula`, `help` (the first line of its docstring), `above` (the select that
    it stands below), `makes` (columns), `reads` (name: fields), `varies` (with what), `used` (whether
    anything needs it) and `parameters` (`name`, `value`, `default`, `changed`, `unit`, `help`). `inputs` are
    the names that the file must have, with the fields that are read.

    >>> from hepnb.analysis import Path
    >>> path = Path("p")
    >>> path.define("ht", "sum(Jet.pt)")
    >>> path.hist("ht", ht="ht: 50, 0, 1000 [GeV]")
    >>> found = describe_path(path)
    >>> [(step["name"], step["reads"]) for step in found["steps"]], found["inputs"]
    ([('ht', {'Jet': ['pt']}), ('ht', {'ht': []})], {'Jet': ['pt']})
    """
    problem = ""
    try:
        steps = arrange(path._steps)
        check_steps(steps, None)
        plan = make_plan(steps)
    except PathError as error:
        problem, steps = str(error), _as_far_as_possible(path)
        plan = Plan(Levels(steps))
        for index, step in enumerate(steps):
            plan.owners.update(dict.fromkeys(owned(step), index))
    reads = [_reads(step) for step in steps]
    nuisances = _nuisances(steps, plan)
    return {
        "name": path.name,
        "problem": problem,
        "inputs": _inputs(reads, plan),
        "steps": [
            {
                "kind": step.kind,
                "name": step.name,
                "formula": _formula(step),
                "help": _help(step),
                "above": steps[plan.levels.maker(step.level)].name if step.level else "",
                "makes": list(owned(step)),
                "reads": reads[index],
                "varies": sorted(_varies_in_all(index, steps, reads, plan) | nuisances[index]),
                "used": bool(problem) or index in plan.computed_at,
                "parameters": list(_parameters(step)),
            }
            for index, step in enumerate(steps)
        ],
    }


def _as_far_as_possible(path: Path) -> tuple[Step, ...]:
    """The steps of a wrong path, without its sub-paths where these are what is wrong."""
    try:
        return arrange(path._steps)
    except PathError:
        return arrange([step for step in path._steps if not isinstance(step, Branch)])


def _reads(step: Step) -> dict[str, list[str]]:
    """The names that a step uses, with the fields it reads; none where it reads the whole."""
    found: dict[str, Use] = {}
    for _, uses in inputs(step):
        for name, use in uses.inputs.items():
            found.setdefault(name, Use()).merge(use)
    if isinstance(step, Histogram):
        found.pop("variation", None)  # its axis; what varies it is said elsewhere
    return {
        name: [] if use.whole or name in RESERVED else sorted(use.fields)
        for name, use in found.items()
    }


def _inputs(reads: list[dict[str, list[str]]], plan: Plan) -> dict[str, list[str]]:
    """What the file must have. A definition may hand a collection on: then what is read of it is
    read of the collection."""
    names = {name for own in reads for name in own if name not in (*plan.owners, *RESERVED)}
    found = {}
    for name in sorted(names):
        uses = [own[name] for own in reads if name in own]
        whole = plan.external[name].whole if name in plan.external else False
        fields = set().union(*uses, plan.external[name].fields if name in plan.external else ())
        found[name] = [] if whole else sorted(fields)
    return found


def _nuisances(steps: tuple[Step, ...], plan: Plan) -> list[set[str]]:
    """By which nuisances each step is varied: through the columns that it computes with, and a
    histogram through the selects above it and its weights as well; tables hold the nominal."""
    touch = Touch(steps, plan, {})
    own: list[set[str]] = []
    for index, step in enumerate(steps):
        labels: set[str] = set()
        for who, uses in inputs(step) if index in plan.computed_at else ():
            if not isinstance(step, Vary | Table | Skim) and not who.endswith(", by"):
                labels |= touch.names(index, uses.inputs)
        if isinstance(step, Histogram):
            labels |= {
                label for name in step.by if name in plan.owners for label in touch.column(name)
            }
        names = {s.nuisance for s in steps if isinstance(s, Vary) and _makes(s, labels)}
        own.append(names | ({step.name} if isinstance(step, Weight) and varies(step) else set()))
    levels, asked = Levels(steps), labels_of(steps)
    made: dict[str, list[str]] = {}
    for step in steps:
        if isinstance(step, Vary | Weight):
            name = step.nuisance if isinstance(step, Vary) else step.name
            made.setdefault(name, []).extend(own_labels(step))
    found = [set(names) for names in own]
    for index, step in enumerate(steps):
        for above, other in enumerate(steps[:index]):
            if isinstance(step, Histogram) and _bears_on(other, step, levels):
                found[index] |= own[above]
        if isinstance(step, Histogram):
            picks = Selector(step.variations)
            found[index] = {
                name
                for name in found[index]
                if any(picks.picks(asked.get(label, (label, name))) for label in made[name])
            }
    return found


def _makes(step: Vary, labels: set[str]) -> bool:
    return any(label in labels for label, _ in step.variations)


def _bears_on(above: Step, step: Step, levels: Levels) -> bool:
    """Whether a step changes the rows or the weights of a result below it."""
    if isinstance(above, Selection | Rest):
        return isinstance(step, Result) and levels.contains(above.into, step.level)
    if isinstance(above, Weight) and isinstance(step, Histogram):
        if not levels.contains(above.level, step.level):
            return False
        return step.weights is None or above.name in step.weights
    return False


def _varies_in_all(
    index: int, steps: tuple[Step, ...], reads: list[dict[str, list[str]]], plan: Plan
) -> set[str]:
    """What a step varies with; a result, also through the selects above it and its weights."""
    found = _varies(index, reads, plan, set())
    step, levels = steps[index], plan.levels
    for above, other in enumerate(steps[:index]):
        if _bears_on(other, step, levels):
            found |= _varies(above, reads, plan, set())
    return found


def _varies(index: int, reads: list[dict[str, list[str]]], plan: Plan, seen: set[int]) -> set[str]:
    """The reserved names among what a step reads, itself or through the columns of other steps."""
    if index in seen:
        return set()
    seen.add(index)
    found: set[str] = set()
    for name in reads[index]:
        if (owner := plan.owners.get(name)) is not None:
            found |= _varies(owner, reads, plan, seen)
        elif name in RESERVED:
            found.add(name)
    return found


def columns(reads: Mapping[str, Sequence[str]]) -> str:
    """What is read, by name: `Jet.pt, Jet.eta, run`."""
    return ", ".join(f"{n}.{f}" if f else n for n, fields in reads.items() for f in fields or [""])


def as_text(described: Mapping[str, Any]) -> str:
    """The description as lines for a terminal; parameters that were changed have a `*`.

    >>> from hepnb.analysis import Path
    >>> path = Path("p")
    >>> path.define("ht", "sum(Jet.pt)")
    >>> path.hist("ht", ht="ht: 50, 0, 1000 [GeV]")
    >>> print(as_text(describe_path(path)))
    Path 'p'
    reads Jet.pt
    definition  ht  sum(Jet.pt)
    histogram   ht  ht: ht (50 bins, 0 to 1000, GeV)
    """
    steps = described["steps"]
    kinds = max((len(step["kind"]) for step in steps), default=0)
    names = max((len(step["name"]) for step in steps), default=0)
    lines = [f"Path {described['name']!r}"]
    if described["problem"]:
        lines.append(f"WRONG: {described['problem']}")
    read = columns(described["inputs"])
    lines += [f"reads {read}"] if read else []
    for step in steps:
        made = f" -> {', '.join(step['makes'])}" if step["kind"] == "module" else ""
        varies = f"  (varies with {', '.join(step['varies'])})" if step["varies"] else ""
        unused = "" if step["used"] else "  (not needed)"
        head = f"{step['kind']:<{kinds}}  {step['name']:<{names}}"
        lines.append(f"{head}  {step['formula']}{made}{varies}{unused}".rstrip())
        for one in step["parameters"]:
            unit = f" {one['unit']}" if one["unit"] else ""
            was = f" (default {one['default']})" if one["changed"] else ""
            said = f": {one['help']}" if one["help"] else ""
            mark = "*" if one["changed"] else " "
            lines.append(f"  {mark} {one['name']} = {one['value'] or '?'}{unit}{was}{said}")
    return "\n".join(lines)


# what a step says of itself


def _formula(step: Step) -> str:
    """The expression, or the function with its arguments; the axes of a histogram."""
    if isinstance(step, ModuleStep):
        return type(step.module).__name__
    if isinstance(step, Category):
        return ", ".join(f"{label}: {_said(formula)}" for label, formula in step.labels)
    if isinstance(step, Histogram):
        own = step.axes[len(step.by) :]
        axes = [
            f"{name}: {_said(formula)} ({_axis(axis)})"
            for (name, formula), axis in zip(step.inputs, own, strict=True)
        ]
        where = [f"where {_said(step.where)}"] if step.where is not None else []
        return ", ".join([*axes, *(f"by {name}" for name in step.by), *where])
    if isinstance(step, Table | Skim):
        return step.text
    if isinstance(step, Rest):
        return f"events that are not in {step.name.replace('not ', '', 1)!r}"
    if isinstance(step, Merged):
        fill = "missing" if step.fill is None else repr(step.fill)
        return f"{step.source}, elsewhere {fill}"
    if isinstance(step, Vary):
        return ", ".join(f"{label}: {_said(formula)}" for label, formula in step.variations)
    if isinstance(step, Weight) and varies(step):
        others = ", ".join(label for label, _ in step.variations)
        what = "varied and normalised" if step.normalised else "varied"
        return f"{_said(step.formula)} ({what}: {others or _said(step.each or step.formula)})"
    return _said(step.formula)


def _axis(axis: Any) -> str:
    """Its bins, range and label."""
    edges = getattr(axis, "edges", None)
    numbers = f", {edges[0]:g} to {edges[-1]:g}" if edges is not None and len(edges) > 1 else ""
    label = f", {axis.label}" if axis.label and axis.label != axis.name else ""
    return f"{len(axis)} bins{numbers}{label}"


def _said(formula: Formula) -> str:
    if isinstance(formula, Call):
        return f"{formula}({', '.join(formula.arguments)})"
    return formula.source


def _help(step: Step) -> str:
    """The first line of the docstring of a step's own function or class."""
    if isinstance(step, ModuleStep):
        doc = type(step.module).__doc__
    elif isinstance(step, Histogram):
        return step.label
    elif not isinstance(step, Definition | Selection | Weight | Replacement) or not isinstance(
        step.formula, Call
    ):
        return ""
    else:
        doc = getattr(step.formula.function, "__doc__", None)
    lines = (doc or "").strip().splitlines()
    return lines[0].strip() if lines else ""


def _parameters(step: Step) -> Iterator[dict[str, Any]]:
    """What was set: a module's parameters, declared or of its `__init__`; a function's defaults."""
    if isinstance(step, ModuleStep):
        kind = type(step.module)
        declared = parameters_of(kind)
        yield from (_declared(one, step.module) for one in declared.values())
        doc = f"{kind.__doc__ or ''}\n{kind.__init__.__doc__ or ''}"
        if kind.__init__ is not Module.__init__:
            others = _set(kind.__init__, doc, vars(step.module))
            yield from (one for one in others if one["name"] not in declared)
    elif isinstance(step, Definition | Selection) and isinstance(step.formula, Call):
        function = step.formula.function
        yield from _set(function, getattr(function, "__doc__", "") or "", {}, defaults_only=True)


def _declared(parameter: Param, module: Module) -> dict[str, Any]:
    default = None if parameter.is_required else _text(parameter.default)
    value = _text(getattr(module, parameter.name))
    return {
        "name": parameter.name,
        "value": value,
        "default": default,
        "changed": value != default,
        "unit": parameter.unit,
        "help": parameter.help,
    }


def _set(
    function: Callable[..., Any],
    doc: str,
    values: Mapping[str, Any],
    *,
    defaults_only: bool = False,
) -> Iterator[dict[str, Any]]:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    for name, parameter in signature.parameters.items():
        has_default = parameter.default is not parameter.empty
        if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if defaults_only and not has_default:
            continue
        default = _text(parameter.default) if has_default else None
        kept = next((key for key in (name, f"_{name}") if key in values), None)
        value = default if defaults_only else None if kept is None else _text(values[kept])
        text, unit = _documented(name, doc)
        yield {
            "name": name,
            "value": value,
            "default": default,
            "changed": has_default and value is not None and value != default,
            "unit": unit,
            "help": text,
        }


def _documented(name: str, doc: str) -> tuple[str, str]:
    """Help and unit from a line `name: what it is [unit]` of a docstring."""
    match = re.search(rf"^\s*(?::param\s+)?`*{re.escape(name)}`*\s*:\s*(.+)$", doc, re.MULTILINE)
    if not match:
        return "", ""
    unit = _UNIT.search(match[1])
    return (match[1][: unit.start()] if unit else match[1]).strip(), unit["unit"] if unit else ""


def _text(value: object) -> str:
    """A value on one short line, whatever its repr does."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001  the user's code
        text = f"<{type(value).__name__}>"
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
