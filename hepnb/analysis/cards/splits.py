"""Processes: what a sample is split into, read once, as labels of the category `process`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .nodes import Mapping

if TYPE_CHECKING:
    from .building import Builder

__all__ = ["PROCESS", "add_processes", "is_exclusive"]

PROCESS = "process"


def is_exclusive(tree: Mapping) -> bool:
    """Whether no event may be in two processes: unless a split says otherwise."""
    splits = [node.section("split") for _, node in _split(tree)]
    said = [split.get("exclusive") for split in splits]
    return all(node is None or bool(node.plain) for node in said)


def add_processes(builder: Builder) -> None:
    """Tell the path the category `process` and the weights of processes, where a dataset is split."""
    split = dict(_split(builder.tree))
    if not split:
        return
    key, node = next(iter(split.values())).entries["split"]
    if PROCESS in builder.tree.section("categories").entries:
        raise key.error("a card with a split has a category 'process' already; rename yours")
    labels: dict[str, str] = {}
    factors: list[str] = []
    for sample in builder.samples:
        here = f"dataset.name == {sample.name!r}"
        if sample.name not in split:
            _refuse_twice(labels, sample.name, sample.node)
            labels[sample.name] = here
            continue
        factor = "1"
        for name, part in split[sample.name].section("split").section("processes").items():
            assert isinstance(part, Mapping)
            _refuse_twice(labels, name, part)
            where, weight = part.get("where"), part.get("weight")
            assert where is not None
            labels[name] = f"{here} and ({builder.formula(where)})"
            builder.told(f"category {PROCESS!r}, label {name!r}", where)
            if weight is not None:
                factor = f"({builder.formula(weight)}) if {PROCESS} == {name!r} else ({factor})"
                builder.told(f"weight {PROCESS!r}", weight)
        if factor != "1":
            factors.append(f"(({factor}) if {here} else 1)")
    builder.told(f"category {PROCESS!r}", node)
    builder.add_category(PROCESS, labels, exclusive=is_exclusive(builder.tree))
    if factors:
        with builder.placed():
            builder.path.weight(PROCESS, " * ".join(factors))


def _refuse_twice(labels: dict[str, str], name: str, node: Mapping) -> None:
    if name in labels:
        raise node.error(f"two processes are named {name!r}; choose another name")


def _split(tree: Mapping) -> list[tuple[str, Mapping]]:
    return [
        (name, node)
        for name, node in tree.section("datasets").items()
        if isinstance(node, Mapping) and isinstance(node.get("split"), Mapping)
    ]
