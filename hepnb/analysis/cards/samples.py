"""The datasets of a card: what is known of them, and their files once they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path as FilePath
from typing import Any

from ...errors import CardError, HepnbError, nearest
from ..dataset import Dataset
from ..language.expression import Expression
from ..reading.defaults import read_missing
from ..reading.units import read_units
from .nodes import Mapping as Branch
from .nodes import Node, Scalar
from .nodes import Sequence as Items
from .sources import resolve
from .templates import Facts, fill, refuse_unknown

__all__ = ["Sample", "chosen", "facts_of", "samples_of"]

_OWN = ("tree", "kind", "sumw", "schema", "units", "convert", "missing")


def _check_sumw(where: str, sumw: Any) -> None:
    if isinstance(sumw, str | bool):
        Expression(sumw, f"{where}: sumw")  # type: ignore[arg-type]


_CHECKS: Mapping[str, Callable[[str, Any], object]] = {
    "sumw": _check_sumw,
    "convert": lambda where, said: read_units(where, None, said),
    "missing": read_missing,
}


@dataclass(frozen=True)
class Sample:
    """A dataset of a card before its files are looked for."""

    name: str
    node: Branch
    values: Mapping[str, Any]  # xsec and what is of `_OWN`, where it is said
    meta: Mapping[str, Any]
    parameters: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """`data` or `mc`."""
        return str(self.values.get("kind", "data"))

    def dataset(self, folder: FilePath, source: str | None, *, refresh: bool = False) -> Dataset:
        """The dataset with its files, of one source. Raises `CardError` with the place."""
        files: list[str] = []
        for item, text in self._items(self._files(source)):
            found = resolve(text, folder, item, refresh=refresh)
            try:
                Dataset(self.name, found)
            except CardError:
                raise
            except HepnbError as error:
                raise item.error(str(error)) from None
            files += found
        try:
            return Dataset(self.name, files, **self.values, meta=self.meta)
        except HepnbError as error:
            raise self.node.error(str(error)) from None

    def files(self) -> dict[str, list[str]]:
        """The files of each source as the card has them."""
        nodes = {"files": self.node.get("files")} | dict(self.node.section("sources").items())
        return {
            name: [text for _, text in self._items(node)]
            for name, node in nodes.items()
            if node is not None
        }

    def _items(self, node: Node) -> list[tuple[Node, str]]:
        """The texts of a source with their places."""
        made: list[tuple[Node, str]] = []
        for item in node.items if isinstance(node, Items) else [node]:
            assert isinstance(item, Scalar)
            text = fill(item.text, self.parameters)
            refuse_unknown(text, item, self.parameters)
            made.append((item, text))
        return made

    def _files(self, source: str | None) -> Node:
        alone = self.node.get("files")
        if alone is not None:
            return alone
        sources = self.node.section("sources")
        names = list(sources.entries)
        if source is None and len(names) == 1:
            source = names[0]
        if source is None:
            raise sources.error(
                f"dataset {self.name!r} has sources {', '.join(names)}: say which (source: NAME, --source NAME)"
            )
        node = sources.get(source)
        if node is None:
            raise sources.error(
                f"dataset {self.name!r} has no source {source!r}{nearest(source, names)}"
                f"; it has {', '.join(names)}"
            )
        return node


def samples_of(tree: Branch, parameters: Mapping[str, Any]) -> tuple[Sample, ...]:
    """The datasets that a checked card declares, in its order."""
    defaults = tree.section("defaults")
    made = []
    for name, node in tree.section("datasets").items():
        assert isinstance(node, Branch)
        known = {**_plain(defaults), **_plain(node)}
        if known.get("xsec") is not None and known.get("kind", "data") == "data":
            place = node.get("xsec") or node
            raise place.error(f"dataset {name!r} is data, which has no xsec; add 'kind: mc'")
        for key, check in _CHECKS.items():
            try:
                if key in known:
                    check(f"dataset {name!r}", known[key])
            except HepnbError as error:
                place = node.get(key) or defaults.get(key) or node
                raise place.error(str(error)) from None
        meta = {**defaults.section("meta").plain, **node.section("meta").plain}
        for key in ("name", "files", "xsec", "era", *_OWN):
            if key in meta:
                raise node.error(
                    f"dataset {name!r}: meta cannot have {key!r}; write it outside meta"
                )
        if "era" in known:
            meta["era"] = known["era"]
        computed = node.section("computed").plain
        meta |= {f"computed_{key}": value for key, value in computed.items() if key != "from"}
        lists = {key: tuple(v) if isinstance(v, list) else v for key, v in meta.items()}
        values = {key: known[key] for key in ("xsec", *_OWN) if key in known}
        made.append(Sample(name, node, values, lists, parameters))
    return tuple(made)


def _plain(node: Branch) -> dict[str, Any]:
    keys = ("xsec", "era", *_OWN)
    return {key: found.plain for key in keys if (found := node.get(key)) is not None}


def facts_of(samples: Sequence[Sample]) -> Facts:
    """What templates may ask of the datasets: their era, and texts and numbers of `meta:`."""
    return Facts(
        {
            s.name: {
                "kind": s.kind,
                **{k: v for k, v in s.meta.items() if isinstance(v, str | int | float)},
            }
            for s in samples
        }
    )


def chosen(samples: Sequence[Sample], wanted: Sequence[str] | None) -> tuple[Sample, ...]:
    """The samples that fit any of the patterns. Raises `CardError` for a pattern that fits none."""
    if wanted is None:
        return tuple(samples)
    names = [sample.name for sample in samples]
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in names):
            hint = nearest(pattern, names) or f"; there are {', '.join(names[:8]) or 'none'}"
            raise CardError(f"datasets: none is called {pattern!r}{hint}")
    return tuple(s for s in samples if any(fnmatchcase(s.name, p) for p in wanted))
