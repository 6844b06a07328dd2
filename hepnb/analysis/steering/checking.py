"""What makes a path wrong before it runs: names, owners, categories, weights, and the file's branches."""

from __future__ import annotations

import keyword
import re
import warnings
from collections.abc import Sequence

from ...errors import MissingColumn, PathError, nearest
from ..language.expression import Expression
from ..language.formula import RESERVED, Call
from ..reading.conventions import fields_of, resolve_all
from .levels import Levels
from .plan import Plan, make_plan
from .steps import (
    Category,
    Definition,
    Histogram,
    Step,
    Weight,
    formulas,
    is_normalised,
    named,
    owned,
)

__all__ = ["check_branches", "check_name", "check_steps"]

_FILE = re.compile(r"^[A-Za-z_][\w.+-]*$", re.ASCII)


def check_name(
    name: object,
    what: str,
    *,
    words: bool = False,
    file: bool = False,
    column: bool = False,
    reserved: bool = True,
) -> None:
    """Refuse a name that could not be used later. `words` allows any one-line text.

    `file` allows what can name a file, `column` what can name a column of a table.
    """
    if not isinstance(name, str) or not name:
        raise PathError(f"{what} needs a name, not {name!r}")
    if words or column:
        if not name.isprintable() or len(name) > 200:
            raise PathError(f"the name of {what} is one short line, not {name[:30]!r}...")
        if column and ("/" in name or name in (".", "..")):
            raise PathError(f"{name!r} cannot name {what}; choose one: {{'name': {name!r}}}")
        return
    if file:
        if not _FILE.match(name) or len(name) > 100:
            raise PathError(f"{name!r} cannot name {what}: use letters, digits, '_', '.', '-', '+'")
        return
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
        raise PathError(f"{name!r} cannot name {what}: use letters, digits and '_'")
    if reserved and name in RESERVED:
        raise PathError(f"{name!r} cannot name {what}: it is reserved ({', '.join(RESERVED)})")


def check_steps(steps: Sequence[Step], branches: tuple[str, ...] | None) -> None:
    """Raise `PathError` for the first mistake; warn where a field hides behind an attribute."""
    categories = {s.name: s for s in steps if isinstance(s, Category)}
    weights: list[Weight] = []
    levels = Levels(steps)
    for step in steps:
        if isinstance(step, Weight):
            weights.append(step)
            _check_normalised(step, steps, levels)
        if isinstance(step, Histogram):
            above = [w.name for w in weights if levels.contains(w.level, step.level)]
            _check_by(step, categories)
            _check_weights(step, above, steps)
            _check_all_normalised(step, above, [w.name for w in steps if is_normalised(w)])
            _check_storage(step, above)
        _check_labels(step, categories)
    plan = make_plan(steps, everything=True)
    if branches is not None:
        check_branches(steps, plan, branches)
        _warn_hidden(steps, branches)


def _check_by(step: Histogram, categories: dict[str, Category]) -> None:
    known = [*categories, "dataset", "variation"]
    for name, column in zip(step.by, step.groups, strict=True):
        if column not in known:
            raise PathError(f"{named(step)}: by={name!r} is not a category{nearest(name, known)}")


def _check_weights(step: Histogram, above: list[str], steps: Sequence[Step]) -> None:
    for name in step.weights or ():
        if name not in above:
            later = any(isinstance(s, Weight) and s.name == name for s in steps)
            mend = "; it stands below: move it up" if later else nearest(name, above)
            raise PathError(f"{named(step)}: no weight {name!r} above it{mend}")


def _check_normalised(step: Weight, steps: Sequence[Step], levels: Levels) -> None:
    """A sum over all events can only be made where all are."""
    if step.normalised and step.level:
        cut = steps[levels.maker(step.level)]
        raise PathError(
            f"{named(step)} is normalised over all events, but stands below {named(cut)}: move it up"
        )


def _check_all_normalised(step: Histogram, above: list[str], names: Sequence[str]) -> None:
    """The sums are of all normalised weights together: a histogram has all of them, or none."""
    counted = above if step.weights is None else step.weights
    missing = [name for name in names if name not in counted]
    if not missing or len(missing) == len(names):
        return
    if step.weights is None:
        raise PathError(
            f"{named(step)} stands above some of the normalised weights, such as {missing[0]!r}: "
            "move it below, or above all of them"
        )
    raise PathError(
        f"{named(step)}: weights= has some of the normalised weights, but not {missing[0]!r}: "
        "name all of them, or none"
    )


def _check_storage(step: Histogram, above: list[str]) -> None:
    weighted = above if step.weights is None else step.weights
    if step.storage == "Int64" and (weighted or step.object_weight is not None):
        what = weighted[0] if weighted else "object_weight"
        raise PathError(
            f"{named(step)}: storage 'Int64' counts entries, but weight {what!r} applies; "
            "pass weights=[] or another storage"
        )


def check_branches(steps: Sequence[Step], plan: Plan, branches: tuple[str, ...]) -> None:
    """Raise `PathError` for names the file does not have, and for definitions that hide a branch."""
    known = set(branches)
    for step in steps:
        for name in owned(step):
            if name in known:
                raise PathError(
                    f"{named(step)}: the file has a branch {name!r} already; choose another name"
                )
            if isinstance(step, Definition) and fields_of(name, branches):
                example = f"{name}_{fields_of(name, branches)[0]}"
                raise PathError(
                    f"{named(step)}: the file has a collection {name!r} already ({example}); choose another name"
                )
    for name in RESERVED:
        if name in plan.askers and name in known:
            raise PathError(
                f"{plan.askers[name]}: {name!r} is reserved, but the file has a branch of that name"
            )
    _check_known(plan, branches)
    resolve_all(plan.external, branches, plan.askers)


def _check_known(plan: Plan, branches: tuple[str, ...]) -> None:
    """Unknown names, with definitions among the suggestions."""
    known = set(branches)
    for name in plan.external:
        if name not in known and not fields_of(name, branches):
            groups = dict.fromkeys(b.split("_", 1)[0] for b in branches if "_" in b)
            hint = _private(name, plan) or nearest(name, [*plan.owners, *branches, *groups])
            raise MissingColumn(f"{plan.askers.get(name, 'the path')}: no column {name!r}{hint}")


def _private(name: str, plan: Plan) -> str:
    """A hint where a sub-path has a column of this name."""
    inside = [column for column in plan.owners if column.endswith(f"/{name}")]
    where = inside[0].rpartition("/")[0] if inside else ""
    return f"; sub-path {where!r} has one: merge_back={name!r}" if inside else ""


def _check_labels(step: Step, categories: dict[str, Category]) -> None:
    """Comparisons with a text need a category that has this label."""
    for formula in formulas(step):
        if not isinstance(formula, Expression):
            continue
        for name, label in formula.labels:
            if name not in categories:
                raise formula.fail(
                    f"{name!r} is not a category: it cannot equal a text{nearest(name, categories)}"
                )
            known = [text for text, _ in categories[name].labels]
            if label not in known:
                raise formula.fail(
                    f"category {name!r} has no label {label!r}{nearest(label, known)}"
                )


def _warn_hidden(steps: Sequence[Step], branches: tuple[str, ...]) -> None:
    """A function that says `lep.type` gets the array's own attribute, not the column of that name."""
    import awkward as ak

    hidden = {a for a in dir(ak.Array) if not a.startswith("_")}
    for step in steps:
        for formula in formulas(step):
            if not isinstance(formula, Call):
                continue
            for name, use in formula.uses.inputs.items():
                for field in sorted(use.attributes & hidden & set(fields_of(name, branches))):
                    warnings.warn(
                        f"{named(step)}: {name}.{field} is the array's own attribute; write {name}[{field!r}] for the column",
                        UserWarning,
                        stacklevel=4,
                    )
