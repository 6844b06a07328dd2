"""What differs in meaning between two cards, whatever they look like.

Cards are compared as what they come to for each dataset: a template and the list that it stands for
mean the same, and so do `&&` and `and`, an era written out and `{era}`, and any order of definitions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..dataset import Dataset
from ..language.expression import Expression
from ..language.formula import Formula
from ..steering.fingerprint import Fingerprint
from ..steering.folding import folded
from ..steering.steps import (
    Category,
    Histogram,
    Lookup,
    Merged,
    ModuleStep,
    Rest,
    Selection,
    Skim,
    Step,
    Table,
    Vary,
    Weight,
    named,
)
from ..steering.varying import of_dataset
from .card import Card

__all__ = ["Difference", "differences", "meaning"]

_LONGEST = 120


@dataclass(frozen=True)
class Difference:
    """One thing that differs: what it is in the first card and in the second (None: not there)."""

    what: str
    old: str | None
    new: str | None
    datasets: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" [{', '.join(self.datasets)}]" if self.datasets else ""
        if self.old is None:
            return f"+ {self.what}{where}: {_short(self.new)}"
        if self.new is None:
            return f"- {self.what}{where}: {_short(self.old)}"
        return f"~ {self.what}{where}: {_short(self.old)} -> {_short(self.new)}"


def differences(one: Card, other: Card) -> list[Difference]:
    """What differs, in the order of the first card; nothing that is computed counts."""
    found = _differences(_datasets(one), _datasets(other))
    found += _differences(_as_written(one), _as_written(other))
    theirs = {sample.name for sample in other.samples}
    common = [sample.name for sample in one.samples if sample.name in theirs]
    by_thing: dict[Difference, list[str]] = {}
    for name in common or [""]:
        for difference in _differences(meaning(one, name), meaning(other, name)):
            by_thing.setdefault(difference, []).append(name)
    for difference, names in by_thing.items():
        everywhere = len(names) == len(common or [""])
        found.append(difference if everywhere else replace(difference, datasets=tuple(names)))
    return found


def _differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[Difference]:
    things = dict.fromkeys([*old, *new])
    return [
        Difference(what, old.get(what), new.get(what))
        for what in things
        if old.get(what) != new.get(what)
    ]


def meaning(card: Card, dataset: str = "") -> dict[str, str]:
    """What the steps of a card come to, by what they are called; for one of its datasets if it is named."""
    steps: tuple[Step, ...] = card.path.freeze().steps
    if dataset:
        sample = next(s for s in card.samples if s.name == dataset)
        known = Dataset(
            sample.name, "https://example.org/none.root", **dict(sample.values), meta=sample.meta
        )
        required = [c for s in steps if isinstance(s, Vary | Weight) for c in s.scope.requires]
        steps = tuple(folded(of_dataset(steps, known, required), known))
    made: dict[str, str] = {}
    cuts: list[str] = []
    for step in steps:
        made |= dict(_of_step(step))
        if isinstance(step, Selection):
            cuts.append(step.name)
        elif isinstance(step, Weight | Histogram | Table) and cuts:
            made[f"{named(step)}, after"] = cuts[-1]
    if cuts:
        made["order of selects"] = ", ".join(cuts)
    return made


def _of_step(step: Step) -> Iterator[tuple[str, str]]:
    name = named(step)
    if isinstance(step, Vary):
        for label, formula in step.variations:
            yield f"variation {label!r} of {step.target!r}", _text(formula)
        yield from _scoped(f"variation {step.nuisance!r} of {step.target!r}", step)
    elif isinstance(step, Weight):
        yield name, _text(step.formula)
        for label, formula in step.variations:
            yield f"{name}, variation {label!r}", _text(formula)
        if step.each is not None:
            yield f"{name}, each", f"{_text(step.each)} (count: {step.count})"
        if step.normalised:
            yield f"{name}, normalised", "true"
        yield from _scoped(name, step)
    elif isinstance(step, Category):
        yield name, ", ".join(label for label, _ in step.labels)
        if not step.exclusive:
            yield f"{name}, exclusive", "false"
        for label, formula in step.labels:
            yield f"{name}, label {label!r}", _text(formula)
    elif isinstance(step, Histogram):
        axes: dict[str, Any] = {axis.name: axis for axis in step.axes}
        for axis, formula in step.inputs:
            yield f"{name}, axis {axis!r}", f"{_text(formula)}: {axes[axis]!r}"
        facts: dict[str, Any] = {"by": step.by, "weights": step.weights, "label": step.label}
        facts |= {"storage": step.storage, "variations": step.variations}
        for key, formula_or_none in (("where", step.where), ("object_weight", step.object_weight)):
            facts[key] = None if formula_or_none is None else _text(formula_or_none)
        for key, value in facts.items():
            if value not in (None, ""):
                said = ", ".join(value) or "none" if isinstance(value, tuple) else value
                yield f"{name}, {key}", said
    elif isinstance(step, Table):
        for column, formula in step.columns:
            yield f"{name}, column {column!r}", _text(formula)
    elif isinstance(step, ModuleStep):
        yield name, repr(step.module)
    elif not isinstance(step, Rest | Merged | Skim):
        yield name, _text(step.formula)


def _scoped(name: str, step: Vary | Weight) -> Iterator[tuple[str, str]]:
    if step.scope.sets:
        yield f"{name}, sets", ", ".join(sorted(step.scope.sets))
    if step.scope.requires:
        yield f"{name}, requires", ", ".join(sorted(step.scope.requires))


def _datasets(card: Card) -> dict[str, str]:
    """What is known of the datasets, with their sources as they are written."""
    made: dict[str, str] = {}
    for sample in card.samples:
        name = f"dataset {sample.name!r}"
        made[name] = sample.kind
        facts = {**sample.values, **sample.meta}
        for key, value in facts.items():
            if key != "kind" and not key.startswith("computed_"):
                made[f"{name}, {key}"] = str(value)
        for source, files in sample.files().items():
            made[f"{name}, {source}"] = ", ".join(files)
    return made


def _as_written(card: Card) -> dict[str, str]:
    """The lookups, with what is in their files, and the command."""
    said, content = card.tree.section("lookups").plain, Fingerprint(())
    made = {
        f"lookup {step.name!r}": f"{said[step.name]}, content {content.of(step.table)[:8]}"
        for step in card.path._steps
        if isinstance(step, Lookup)
    }
    if card.command is not None:
        made |= {f"command: {key}": str(said) for key, said in card.command.items()}
    return made


def _text(formula: Formula) -> str:
    return ast.unparse(formula.tree) if isinstance(formula, Expression) else str(formula)


def _short(text: str | None) -> str:
    said = str(text)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."
