"""`Card`: a run card, which is another way to write a path and its datasets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, ClassVar, Self

from ...errors import CardError, HepnbError, nearest
from ...given import given_mapping, given_names, given_path, shown
from ..dataset import Dataset
from ..steering.path import Path
from .building import Builder
from .commands import program_of
from .layout import CARD
from .nodes import LARGEST, Mark, parse
from .nodes import Mapping as Branch
from .samples import chosen, samples_of
from .splits import is_exclusive

__all__ = ["Card", "is_card"]


def is_card(file: Any) -> bool:
    """Whether this names a run card, by its ending.

    >>> is_card("higgs.yaml"), is_card("data.root")
    (True, False)
    """
    return isinstance(file, str | os.PathLike) and str(file).endswith((".yaml", ".yml"))


class Card:
    """A run card: `path`, `datasets` and `variations` as a YAML file describes them.

    `command` is the external program that it has instead of a path, as plain data; None otherwise.
    Reading it executes nothing and opens no data; the files of its datasets are looked for when
    `datasets` is asked for. Every mistake is a `CardError` of one line that begins with
    `card.yaml:LINE:COLUMN`.

    >>> import tempfile
    >>> from pathlib import Path as FilePath
    >>> text = "hepnb: 1\\nselects: {two muons: count(Muon) == 2}\\nhistograms: {pt: 'Muon.pt: 9, 0, 90'}\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = FilePath(folder, "card.yaml")
    ...     _ = file.write_text(text)
    ...     card = Card.read(file)
    >>> card.path
    <Path 'card': 1 select, 1 histogram>
    """

    path_type: ClassVar[type[Path]] = Path

    def __init__(
        self,
        content: bytes,
        file: str | os.PathLike[str] = "card.yaml",
        *,
        datasets: str | Sequence[str] | None = None,
        source: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        refresh: bool = False,
    ) -> None:
        """Understand the bytes of a card; `file` is what messages call it, and where paths begin."""
        self.file = given_path(file, "the file of a card", CardError)
        if not isinstance(content, bytes):
            raise CardError(
                f"the content of a card is bytes, not {shown(content)}; hn.Card.read(file) reads a file"
            )
        self.content = content
        self.tree: Branch = parse(content, str(file))
        CARD.check(self.tree, "the card")
        self.parameters: Mapping[str, Any] = MappingProxyType(
            _parameters(self.tree, given_mapping(parameters or {}, "parameters", CardError))
        )
        named = self.tree.get("name")
        self.name = self.file.stem if named is None else str(named.plain)
        self.samples = samples_of(self.tree, self.parameters)
        said = self.tree.get("source")
        self._source = source or (None if said is None else str(said.plain))
        self._refresh = refresh
        if isinstance(datasets, str):
            datasets = [word.strip() for word in datasets.split(",")]
        wanted = None if datasets is None else given_names(datasets, "datasets", CardError)
        self._chosen = chosen(self.samples, wanted)
        self.command = program_of(self.tree, self.parameters)
        self._builder = self._build()

    @classmethod
    def read(
        cls,
        file: str | os.PathLike[str],
        *,
        datasets: str | Sequence[str] | None = None,
        source: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        refresh: bool = False,
    ) -> Self:
        """Read a card.

        `datasets` are patterns of the names that are wanted, `source` is which of several sources
        the files come from, `parameters` are other values for `parameters:`. With `refresh`
        catalogues are asked again. Raises `CardError` for the first mistake, with its place.
        """
        return cls(
            read_bytes(given_path(file, "a card", CardError)),
            file,
            datasets=datasets,
            source=source,
            parameters=parameters,
            refresh=refresh,
        )

    def _build(self) -> Builder:
        try:
            path = self.path_type(self.name)
        except HepnbError as error:
            raise (self.tree.get("name") or self.tree).error(str(error)) from None
        builder = Builder(self.tree, path, self.parameters, self.samples, self.file.parent)
        builder.build()
        return builder

    @property
    def path(self) -> Path:
        """The path: a `Path` like any other, which may be added to."""
        return self._builder.path

    @cached_property
    def datasets(self) -> tuple[Dataset, ...]:
        """The datasets that were chosen, with their files."""
        if not self._chosen:
            raise self.tree.error("the card has no datasets; add 'datasets:', or start it on data")
        folder = self.file.parent
        return tuple(s.dataset(folder, self._source, refresh=self._refresh) for s in self._chosen)

    @property
    def variations(self) -> tuple[str, ...]:
        """The names of the systematic variations, without those whose number the files tell."""
        return self.path.freeze().variations

    def compute(
        self, moved: Callable[[str, int], None] | None = None
    ) -> dict[str, dict[str, int | float | str]]:
        """Count the events of the chosen datasets, sum their weights, and write that into the card.

        Only what stands below `computed:` of these datasets changes. `moved` is told of each file
        that is done, and how many events it has. Returns the values by dataset: `events`,
        `positive`, `negative`, `sumw`, `sumw2`, `effective_xsec` [pb], `equivalent_lumi` [pb^-1] and
        `from`, as far as they can be known. Raises `DataError` for a file that cannot be read, and
        `CardError` if the card was changed meanwhile.
        """
        from .computing import compute
        from .writing import with_computed, write

        made = {dataset.name: compute(dataset, moved) for dataset in self.datasets}
        write(self.file, self.content, with_computed(self.content, str(self.file), made))
        return made

    @property
    def split(self) -> bool:
        """Whether datasets are split into processes that exclude each other."""
        split = any(sample.node.get("split") for sample in self.samples)
        return split and is_exclusive(self.tree)

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Give an error of the path, such as a misspelt column, its place in the card."""
        with self._builder.placed():
            yield

    def __repr__(self) -> str:
        names = ", ".join(sample.name for sample in self._chosen)
        return f"<Card {str(self.file)!r}: {self.path!r}, datasets {names or 'none'}>"


def read_bytes(file: FilePath) -> bytes:
    """The content of a card. Raises `CardError` for what is no readable file."""
    try:
        if file.exists() and not file.is_file():
            raise CardError(f"{file}: is not a file; name a run card, such as card.yaml")
        with file.open("rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise CardError(f"{file}: {error.strerror}; name a run card, such as card.yaml") from None


def _parameters(tree: Branch, given: Mapping[str, Any]) -> dict[str, Any]:
    section = tree.section("parameters")
    for key, (named, _) in section.entries.items():
        if not key.isidentifier():
            raise named.error(f"parameter {key!r}: use letters, digits and '_'")
    known = section.plain
    for key in given:
        if key not in known:
            hint = nearest(key, known) or f"; it has {', '.join(known) or 'none'}"
            raise Mark(tree.mark.file).error(f"the card has no parameter {key!r}{hint}")
    return {**known, **given}
