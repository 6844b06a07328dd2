"""The weights and the systematic variations of a card: templates with a matrix, told to the path one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .nodes import Mapping as Branch
from .nodes import Node, Scalar
from .nodes import Sequence as Items
from .templates import Expansion, by_dataset, expand, fill, refuse_unknown

if TYPE_CHECKING:
    from .building import Builder

__all__ = ["add_variation", "add_weight"]


def add_variation(builder: Builder, name: str, node: Node) -> None:
    """Tell the path the variations of columns that one entry of `variations:` stands for."""
    assert isinstance(node, Branch)
    for one in _expanded(builder, name, node):
        called = fill(one.name, builder.parameters)
        targets: dict[str, dict[str, str]] = {}
        for template, what in node.section("vary").items():
            column = fill(template, {**builder.parameters, **one.outer})
            made: dict[str, str] = {}
            for suffix, text, part in _alternatives(builder, one, what):
                for end, formula in _by_suffix(builder, one, suffix, text, column, part).items():
                    if end in made:
                        raise part.error(
                            f"variation {called!r} of {column!r}: {called + end!r} comes twice; "
                            "name all placeholders of the matrix"
                        )
                    made[end] = formula
            targets[column] = made
            builder.told(f"variation {called!r} of {column!r}", what)
            builder.told(f"variation '{called}: {column}'", what)
        with builder.placed():
            varied: dict[str, Any] = {called: targets}
            builder.path.vary(**varied, **_scope(builder, node, one))


def add_weight(builder: Builder, name: str, node: Node) -> None:
    """Tell the path the weights that one entry of `weights:` stands for."""
    if not isinstance(node, Branch):
        builder.told(f"weight {name!r}", node)
        empty = isinstance(node, Scalar) and node.plain is None
        with builder.at(node):
            builder.path.weight(name, None if empty else builder.formula(node))
        return
    for one in _expanded(builder, name, node):
        called = one.name
        builder.told(f"weight {called!r}", node)
        value = node.get("value")
        said = called if value is None else _filled(builder, one, value, {})
        nominal = _nominal(builder, one, node, said)
        sides = {"Up": node.get("up"), "Down": node.get("down")}
        found: dict[str, str] = {}
        for suffix, part in sides.items():
            if part is not None:
                if one.inner != ({},):
                    raise part.error(
                        f"weight {name!r}: up and down know no matrix but that of the name; "
                        "use variations:"
                    )
                found |= _by_suffix(
                    builder, one, suffix, _filled(builder, one, part, {}), nominal, part
                )
        others = node.get("variations")
        if others is not None:
            for suffix, text, part in _alternatives(builder, one, others):
                found |= _by_suffix(builder, one, suffix, text, nominal, part)
        for suffix in found:
            builder.told(f"weight {called!r}, {called + suffix!r}", others or node)
        each = node.get("each")
        with builder.placed():
            builder.path.weight(
                called,
                nominal,
                variations=found,
                each=None
                if each is None
                else builder.finished(_filled(builder, one, each, {}), each),
                **_scope(builder, node, one),
            )
        builder.below(node.get("after"))


def _nominal(builder: Builder, one: Expansion, node: Branch, said: str) -> str:
    """The factor itself: where the weight is of one kind or era, it is 1 for all others."""
    kind = node.get("kind")
    simulated = kind is not None and kind.plain == "mc"
    place = node.get("value") or node
    text = builder.finished(said, place, simulated=simulated)
    for key, value in one.when.items():
        text = builder.facts.only(key, value, text, "1", simulated=simulated)
    return text if kind is None else f"({text}) if dataset.kind == {kind.plain!r} else 1"


def _expanded(builder: Builder, name: str, node: Branch) -> Iterator[Expansion]:
    called = fill(name, builder.parameters)
    for one in expand(called, node, node.get("matrix"), builder.facts):
        known = [*builder.parameters, *node.section("matrix").entries, *builder.facts.names()]
        refuse_unknown(one.name, node, known)
        yield one


def _alternatives(builder: Builder, one: Expansion, what: Node) -> Iterator[tuple[str, str, Node]]:
    """(suffix, expression, its place) of each variation; both may still ask for what datasets have."""
    if isinstance(what, Branch):
        for inner in one.inner:
            for suffix, part in what.items():
                yield _again(builder, one, suffix, inner), _filled(builder, one, part, inner), part
    elif isinstance(what, Items):
        if len(what.items) != 2:
            raise what.error(f"expected [up, down], not {len(what.items)} expressions")
        if one.inner != ({},):
            raise what.error("[up, down] knows no matrix but that of the name; write one template")
        for suffix, part in zip(("Up", "Down"), what.items, strict=True):
            yield suffix, _filled(builder, one, part, {}), part
    else:
        for inner in one.inner:
            suffix = "".join(str(value) for value in inner.values())
            yield _again(builder, one, suffix, inner), _filled(builder, one, what, inner), what


def _filled(builder: Builder, one: Expansion, node: Node, inner: Mapping[str, Any]) -> str:
    return fill(builder.text(node, {**one.outer, **inner}), one.when)


def _again(builder: Builder, one: Expansion, text: str, inner: Mapping[str, Any]) -> str:
    return fill(fill(text, {**builder.parameters, **one.outer, **inner}), one.when)


def _by_suffix(
    builder: Builder, one: Expansion, suffix: str, text: str, otherwise: str, node: Node
) -> dict[str, str]:
    """Expressions by suffix: the datasets that a name does not mean have `otherwise`."""
    made = {}
    for when in by_dataset(suffix, builder.facts):
        formula = builder.finished(fill(text, when), node, otherwise, simulated=True)
        for key, value in {**one.when, **when}.items():
            formula = builder.facts.only(key, value, formula, otherwise, simulated=True)
        made[fill(suffix, when)] = formula
    for end in made:
        refuse_unknown(end, node, [*builder.parameters, *builder.facts.names()])
    return made


def _scope(builder: Builder, node: Branch, one: Expansion) -> dict[str, tuple[str, ...]]:
    keys = {"only": "only", "except": "without", "requires": "requires", "sets": "sets"}
    return {
        word: builder.words(node.get(key), one.outer)
        for key, word in keys.items()
        if node.get(key) is not None
    }
