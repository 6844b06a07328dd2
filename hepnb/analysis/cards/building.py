"""From a checked card to the path that it describes, each step with its place in the card."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from ...errors import CardError, HepnbError, nearest
from ..language.axes import split_axis
from ..steering.cells import Place
from ..steering.path import Path
from ..steering.steps import Branch as SubPath
from .layout import CATEGORY
from .modules import add_module
from .nodes import Mapping as Branch
from .nodes import Node, Scalar
from .nodes import Sequence as Items
from .ordering import ordered
from .samples import Sample, facts_of
from .splits import add_processes
from .systematics import add_variation, add_weight
from .tables import add_lookup
from .templates import Facts, fill, refuse_taken, refuse_unknown

__all__ = ["Builder"]

MOST = 1_000
_CIRCLE = re.compile(r"definitions go round in a circle: (\w+)")


class Builder:
    """Tells a path everything that a card says; knows the place of each step afterwards."""

    def __init__(
        self,
        tree: Branch,
        path: Path,
        parameters: Mapping[str, Any],
        samples: tuple[Sample, ...],
        folder: FilePath,
    ) -> None:
        self.tree = tree
        self.path = path
        self.folder = folder
        self.parameters = parameters
        self.samples = samples
        self.facts: Facts = facts_of(samples)
        self._places: dict[str, Node] = {
            f"dataset {sample.name!r}": sample.node for sample in samples
        }
        self._after: dict[int, int] = {}

    def build(self) -> None:
        """Tell the path all steps, and bring them into their order. Raises `CardError`."""
        sections: dict[str, Callable[[str, Node], None]] = {
            "lookups": partial(add_lookup, self),
            "modules": partial(add_module, self),
            "replacements": self._replacement,
            "variations": partial(add_variation, self),
            "weights": partial(add_weight, self),
            "definitions": self._definition,
            "selects": self._select,
            "categories": self._category,
            "histograms": self._histogram,
            "tables": self._table,
        }
        for section, add in sections.items():
            for name, (key, node) in self.tree.section(section).entries.items():
                before = len(self.path._steps)
                with key.blamed():
                    add(name, node)
                added = len(self.path._steps) - before
                self.path._places[before:] = [Place(key.mark.file, key.mark.line)] * added
                if len(self.path._steps) > MOST:
                    raise key.error(f"more than {MOST:,} steps; a card is for fewer")
        add_processes(self)
        steps = [step for step in self.path._steps if not isinstance(step, SubPath)]  # all of them
        places = {id(s): place for s, place in zip(steps, self.path._places, strict=True)}
        self.path._steps = [*ordered(steps, self._after)]
        self.path._places = [places[id(step)] for step in self.path._steps]
        with self.placed():
            try:
                self.path.check()
            except RecursionError:
                place = self.tree.section("definitions")
                raise place.error("definitions that need each other in too long a row") from None

    # places

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Give errors of the whole path the place of the step that they name."""
        try:
            yield
        except CardError:
            raise
        except HepnbError as error:
            said = str(error)
            if match := _CIRCLE.match(said):
                owners = {f"{kind} {match[1]!r}" for kind in ("definition", "category")}
                fits = [what for what in self._places if what in owners]
            else:
                fits = [what for what in self._places if what in said]
            if not fits:
                raise
            # The first that is named, and of those the most exact.
            first = min(fits, key=lambda what: (said.find(what), -len(what)))
            raise self._places[first].error(said) from None

    def told(self, what: str, node: Node) -> None:
        """Remember where what messages call `what` stands."""
        self._places[what] = node

    def below(self, node: Node | None) -> None:
        """The step told last stands below the select that `node` names, if there is one."""
        if node is None:
            return
        assert isinstance(node, Scalar)
        names = list(self.tree.section("selects").entries)
        if node.text not in names:
            raise node.error(f"after: no select {node.text!r}{nearest(node.text, names)}")
        self._after[len(self.path._steps) - 1] = names.index(node.text) + 1

    # texts

    def text(self, node: Node, values: Mapping[str, Any] | None = None) -> str:
        """The text of a scalar, with its placeholders of parameters and `values` filled."""
        assert isinstance(node, Scalar)
        text = str(node.plain) if isinstance(node.plain, bool) else node.text
        return self.filled(text.replace("\n", " "), values)

    def filled(self, text: str, values: Mapping[str, Any] | None = None) -> str:
        """A text with its placeholders of parameters and `values` filled."""
        return fill(text, {**self.parameters, **(values or {})})

    def formula(self, node: Node) -> str:
        """An expression, with all placeholders filled."""
        return self.finished(self.text(node), node)

    def finished(
        self, text: str, node: Node, otherwise: str | None = None, *, simulated: bool = False
    ) -> str:
        """An expression whose last placeholders, those of datasets, are filled."""
        made = self.facts.chosen(text, otherwise, node, simulated)
        refuse_unknown(made, node, [*self.parameters, *self.facts.names()])
        return made

    def words(self, node: Node, values: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """A text or a list of texts."""
        items = node.items if isinstance(node, Items) else [node]
        return tuple(self.text(item, values) for item in items)

    # steps

    def _definition(self, name: str, node: Node) -> None:
        self.told(f"definition {name!r}", node)
        with node.blamed():
            self.path.define(name, self.formula(node))

    def _replacement(self, name: str, node: Node) -> None:
        self.told(f"replacement of {name!r}", node)
        with node.blamed():
            self.path.replace(name, self.formula(node))

    def _select(self, name: str, node: Node) -> None:
        self.told(f"select {name!r}", node)
        with node.blamed():
            self.path.select(name, self.formula(node))

    def _category(self, name: str, node: Node) -> None:
        assert isinstance(node, Branch)
        long = CATEGORY.is_long(node)
        labels = node.section("labels") if long else node
        exclusive = node.get("exclusive") if long else None
        self.told(f"category {name!r}", node)
        for label, part in labels.items():
            self.told(f"category {name!r}, label {label!r}", part)
        made = {label: self.formula(part) for label, part in labels.items()}
        self.add_category(name, made, exclusive=exclusive is None or bool(exclusive.plain))

    def add_category(self, name: str, labels: Mapping[str, str], *, exclusive: bool) -> None:
        """Tell the path a category; an error of a label has its place."""
        node = self._places[f"category {name!r}"]
        refuse_taken(labels, self.path.category, node, f"category {name!r}: a label")
        with self.placed():
            self.path.category(name, exclusive=exclusive, **labels)

    def _axis(self, node: Node, place: str) -> str:
        text = self.text(node)
        with node.blamed():
            source, spec = split_axis(text, place)
        return f"{self.finished(source, node)}:{spec}"

    def _histogram(self, name: str, node: Node) -> None:
        place = f"histogram {name!r}"
        self.told(place, node)
        if not isinstance(node, Branch):
            refuse_taken([name], self.path.hist, node, f"{place}: an axis")
            with node.blamed():
                self.path.hist(name, **{name: self._axis(node, place)})
            return
        axes = {}
        for axis, part in node.section("axes").items():
            self.told(f"{place}, axis {axis!r}", part)
            axes[axis] = self._axis(part, f"{place}, axis {axis!r}")
        more: dict[str, Any] = {}
        for key, part in node.items():
            if key in ("where", "object_weight"):
                self.told(f"{place}, {key}", part)
                more[key] = self.formula(part)
            elif key in ("by", "weights", "variations"):
                more[key] = self.words(part)
            elif key in ("storage", "label"):
                more[key] = self.text(part)
        refuse_taken(axes, self.path.hist, node, f"{place}: an axis")
        with self.placed():
            self.path.hist(name, **axes, **more)
        self.below(node.get("after"))

    def _table(self, name: str, node: Node) -> None:
        place = f"table {name!r}"
        self.told(place, node)
        if isinstance(node, Items):
            columns = {self.text(item): (self.formula(item), item) for item in node.items}
        else:
            assert isinstance(node, Branch)
            parts = node.section("columns").items()
            columns = {column: (self.formula(part), part) for column, part in parts}
        for column, (_, part) in columns.items():
            self.told(f"{place}, column {column!r}", part)
        with self.placed():
            self.path.table(name, {column: formula for column, (formula, _) in columns.items()})
        if isinstance(node, Branch):
            self.below(node.get("after"))
