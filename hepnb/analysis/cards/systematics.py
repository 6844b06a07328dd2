"""The weights and the systematic variations of a card: templates with a matrix, told to the path one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ...errors import nearest
from .nodes import Mapping as Branch
from .nodes import Node, Scalar
from .nodes import Sequence as Items
from .templates import Expansion, Values, by_dataset, expand, fill, refuse_taken, refuse_unknown

if TYPE_CHECKING:
    from .building import Builder

__all__ = ["add_variation", "add_weight"]


def add_variation(builder: Builder, name: str, node: Node) -> None:
    """Tell the path the variations of columns that one entry of `variations:` stands for."""
    assert isinstance(node, Branch)
    for one in _expanded(builder, name, node):
        place = f"variation {one.name!r}"
        targets: dict[str, Any] = {}
        for template, what in node.section("vary").items():
            column = builder.filled(template, one.outer.values)
            made: dict[str, str] = {}
            for suffix, text, part in _alternatives(builder, one, what):
                for end, formula in _by_suffix(builder, one, suffix, text, column, part).items():
                    if end in made:
                        raise part.error(
                            f"{place} of {column!r}: {end!r} comes twice; name all placeholders of "
                            "the matrix"
                        )
                    made[end] = formula
            # One variation without a suffix is called as the nuisance is.
            targets[column] = made[""] if list(made) == [""] else made
            builder.told(f"{place} of {column!r}", what)
            builder.told(f"variation '{one.name}: {column}'", what)
        refuse_taken([one.name], builder.path.vary, node, "a variation")
        varied: dict[str, Any] = {one.name: targets}
        with builder.placed():
            builder.path.vary(**varied, **_scope(builder, node, one))


def add_weight(builder: Builder, name: str, node: Node) -> None:
    """Tell the path the weights that one entry of `weights:` stands for."""
    if isinstance(node, Scalar):
        said: dict[str, tuple[Scalar, Node]] = {}
        if node.plain is not None:
            said["value"] = (node, node)
        node = Branch(node.mark, node.end, said)
    assert isinstance(node, Branch)
    for one in _expanded(builder, name, node):
        place = f"weight {one.name!r}"
        builder.told(place, node)
        nominal = _nominal(builder, one, node)
        found: dict[str, str] = {}
        for suffix in ("up", "down"):
            part = node.get(suffix)
            if part is None:
                continue
            if len(one.inner) > 1:
                raise part.error(
                    f"{place}: up and down know no matrix but that of the name; use variations:"
                )
            text = _filled(builder, one, part)
            found |= _by_suffix(builder, one, suffix, text, nominal, part)
            builder.told(f"{place}, '{one.name}_{suffix}'", part)
        others = node.get("variations")
        if others is not None:
            for suffix, text, part in _alternatives(builder, one, others):
                for end, formula in _by_suffix(builder, one, suffix, text, nominal, part).items():
                    if end in found:
                        raise part.error(f"{place}: {end!r} comes twice; name all placeholders")
                    found[end] = formula
                    builder.told(f"{place}, '{one.name}_{end}'", part)
        each = node.get("each")
        values = None if each is None else builder.finished(_filled(builder, one, each), each)
        count, normalised = node.get("count"), node.get("normalised")
        with builder.placed():
            builder.path.weight(
                one.name,
                nominal,
                variations=found,
                each=values,
                count=None if count is None else count.plain,
                normalised=normalised is not None and bool(normalised.plain),
                **_scope(builder, node, one),
            )
        builder.below(node.get("after"))


def _nominal(builder: Builder, one: Expansion, node: Branch) -> str:
    """The factor itself: where the weight is of one kind or era, it is 1 for all others."""
    value, kind = node.get("value"), node.get("kind")
    said = one.name if value is None else _filled(builder, one, value)
    simulated = kind is not None and kind.plain == "mc"
    text = builder.finished(said, value or node, simulated=simulated)
    for key, known in one.when.items():
        text = builder.facts.only(key, known, text, "1", simulated=simulated)
    return text if kind is None else f"({text}) if dataset.kind == {kind.plain!r} else 1"


def _expanded(builder: Builder, name: str, node: Branch) -> Iterator[Expansion]:
    matrix = node.section("matrix")
    for one in expand(builder.filled(name), node, matrix, builder.facts):
        known = [*builder.parameters, *matrix.entries, *builder.facts.names()]
        refuse_unknown(one.name, node, known)
        yield one


def _alternatives(builder: Builder, one: Expansion, what: Node) -> Iterator[tuple[str, str, Node]]:
    """(suffix, expression, its place) of each variation; both may still ask for what datasets have."""
    if isinstance(what, Branch):
        for inner in one.inner:
            for suffix, part in what.items():
                called = builder.filled(suffix, one.outer.and_(inner).names)
                yield fill(called, one.when), _filled(builder, one, part, inner), part
    elif isinstance(what, Items):
        if len(what.items) != 2:
            raise what.error(f"expected [up, down], not {len(what.items)} expressions")
        if len(one.inner) > 1:
            raise what.error("[up, down] knows no matrix but that of the name; write one template")
        for suffix, part in zip(("up", "down"), what.items, strict=True):
            yield suffix, _filled(builder, one, part), part
    else:
        for inner in one.inner:
            suffix = "_".join(str(name) for name in inner.names.values())
            yield fill(suffix, one.when), _filled(builder, one, what, inner), what


def _filled(builder: Builder, one: Expansion, node: Node, inner: Values | None = None) -> str:
    """An expression with the placeholders of this expansion; their values may hold those of datasets."""
    known = one.outer if inner is None else one.outer.and_(inner)
    return fill(builder.text(node, known.values), one.when)


def _by_suffix(
    builder: Builder, one: Expansion, suffix: str, text: str, otherwise: str, node: Node
) -> dict[str, str]:
    """Expressions by suffix: the datasets that a name does not mean have `otherwise`."""
    made = {}
    for when in by_dataset(suffix, node, builder.facts):
        formula = builder.finished(fill(text, when), node, otherwise, simulated=True)
        for key, value in {**one.when, **when}.items():
            formula = builder.facts.only(key, value, formula, otherwise, simulated=True)
        made[fill(suffix, when)] = formula
    for end in made:
        refuse_unknown(end, node, [*builder.parameters, *builder.facts.names()])
    return made


def _scope(builder: Builder, node: Branch, one: Expansion) -> dict[str, Any]:
    only = node.get("only")
    if only is not None:
        _refuse_none(builder, one.name, builder.words(only, one.outer.values), only)
    keys = {"only": "only", "except": "without", "requires": "requires", "sets": "sets"}
    return {
        word: builder.words(part, one.outer.values)
        for key, word in keys.items()
        if (part := node.get(key)) is not None
    }


def _refuse_none(builder: Builder, name: str, patterns: Sequence[str], node: Node) -> None:
    """Refuse what would be of no dataset at all: a card knows every one there is."""
    datasets = builder.facts.datasets
    known = [*datasets, "mc", "data"]
    if datasets and not any(fnmatchcase(one, pattern) for one in known for pattern in patterns):
        hint = nearest(patterns[0], datasets)
        raise node.error(f"{name!r} is of no dataset: none is called {', '.join(patterns)}{hint}")
