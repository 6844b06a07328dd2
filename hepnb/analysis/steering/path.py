"""`Path`: the steering path of an analysis. Building it executes nothing; `freeze` makes the program."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ...errors import PathError, nearest, one_line
from ..language.axes import read_axis
from ..language.formula import make_formula
from ..language.usage import Use, Uses
from ..loop.program import Program
from ..module.module import Module
from ..module.registry import find_module
from .arrangement import arrange
from .branches import BranchedPath
from .cells import place_of_caller
from .checking import check_name, check_steps
from .declared import texts
from .lookups import LookedUpPath
from .skimming import SkimmedPath
from .steps import (
    Category,
    Definition,
    Histogram,
    ModuleStep,
    Selection,
    Step,
    Table,
    named,
)
from .systematics import VariedPath
from .variations import Selector
from .varying import names_of, selected
from .written import WrittenPath

if TYPE_CHECKING:
    from .explaining import Explanation

__all__ = ["Path"]

F = TypeVar("F", bound=Callable[..., Any])
_STORAGES = ("Double", "Int64", "Weight")


class Path(VariedPath, BranchedPath, LookedUpPath, SkimmedPath, WrittenPath):
    """An analysis, told step by step: definitions, selects, weights, categories, histograms, tables.

    A step sees only the rows (events) that pass the selects above it; names are found wherever they
    are defined; every column has one owner. Arguments of a function are the columns it reads: a plain
    column is a NumPy array of shape (rows,), a collection a jagged awkward array of records, both with
    the dtypes and units of the file. `dataset`, `rng` and `variation` are reserved arguments.

    `hn.Path` has `start`, too, which runs it in the background.

    >>> path = Path("dimuon")
    >>> path.select("two muons", "count(Muon) == 2")
    >>> @path.define
    ... def pair_pt(Muon):
    ...     return Muon.pt[:, 0] + Muon.pt[:, 1]
    >>> path.hist("pt", pt="pair_pt: 50, 0, 100 [GeV]")
    >>> path.freeze().columns(["nMuon", "Muon_pt", "Muon_eta"])
    ('Muon_pt',)
    """

    # columns

    @overload
    def define(self, name: F) -> F: ...
    @overload
    def define(self, name: str) -> Callable[[F], F]: ...
    @overload
    def define(self, name: str, formula: str | float | Callable[..., Any]) -> None: ...
    def define(self, name: Any, formula: Any = None) -> Any:
        """Define a column: as a decorator, or `define("ht", "sum(Jet.pt)")`, or `define("ht", function)`.

        The function gets the columns its arguments name, on the rows that pass the selects above,
        and returns a NumPy or awkward array with one value or list per row, of numbers, booleans or
        records. An argument with a default is no column. Raises `PathError` when the name is taken.

        >>> path = Path()
        >>> path.define("ht", "sum(Jet.pt)")
        >>> @path.define
        ... def hard(Jet, threshold=50.0):
        ...     return Jet[Jet.pt > threshold]
        >>> path.define("n_hard", "count(hard)")
        """
        if callable(name):
            self._define(getattr(name, "__name__", ""), name)
            return name
        if formula is None:
            return self._decorator(lambda function: self._define(name, function))
        self._define(name, formula)
        return None

    def _define(self, name: str, formula: Any) -> None:
        check_name(name, "a definition")
        self._add(Definition(name, make_formula(formula, f"definition {name!r}")))

    def collection(
        self, name: str, *, of: str, where: str = "", not_in: str | Sequence[str] = ()
    ) -> None:
        """Define a sub-collection: the objects of a collection for which a condition holds.

        `where` is one condition per object (all of them without it); an object that is in a
        sub-collection of `not_in` is left out, so that the two share none. Beside the fields of `of` it has
        `index`, the place of each object in the collection of the file. Raises `PathError` when the
        name is taken.

        >>> path = Path()
        >>> path.collection("tight", of="Muon", where="Muon.pt > 20")
        >>> path.collection("loose", of="Muon", where="Muon.pt > 5", not_in="tight")
        >>> path.define("free_jet", "count(loose) + count(tight) == 0")
        """
        place = f"collection {name!r}"
        others = texts(not_in, f"{place}: not_in")
        for other in (of, *others):
            check_name(other, f"what {place} is made of")
        if where:
            make_formula(where, f"{place}, where")  # so that its errors show this text
        formula = ", ".join((of, f"({where})" if where else "True", *others))
        check_name(name, "a collection")
        self._add(Definition(name, make_formula(f"subset({formula})", place)))

    @overload
    def select(self, name: F) -> F: ...
    @overload
    def select(self, name: str) -> Callable[[F], F]: ...
    @overload
    def select(self, name: str, formula: str | Callable[..., Any]) -> None: ...
    def select(self, name: Any, formula: Any = None) -> Any:
        """Keep only the rows where the condition is true: everything below sees these rows alone.

        The name is a line of the cutflow; as a decorator it is the function's. The condition is one
        boolean per row; a missing one (such as `first(Muon.pt) > 20` of an event without muons)
        counts as false. Raises `PathError` for a condition that is no expression or function.

        >>> path = Path()
        >>> path.select("trigger", "HLT_IsoMu24 and PV_npvs > 0")
        """
        if callable(name):
            self._select(getattr(name, "__name__", ""), name)
            return name
        if formula is None:
            return self._decorator(lambda function: self._select(name, function))
        self._select(name, formula)
        return None

    def _select(self, name: str, formula: Any) -> None:
        check_name(name, "a select", words=True)
        self._add(Selection(name, make_formula(formula, f"select {name!r}")))

    def category(self, name: str, *, exclusive: bool = True, **labels: Any) -> None:
        """Name groups of events: `category("channel", ee="count(Electron) == 2", mm="count(Muon) == 2")`.

        With `exclusive` an event belongs to the first label that fits, and events that fit more are
        counted; otherwise it belongs to all that fit. An event that fits none is in no histogram
        `by` this category. Raises `PathError` without labels, or when the name is taken.
        """
        check_name(name, "a category")
        if not labels:
            raise PathError(f"category {name!r}: no labels; write label=condition")
        for label in labels:
            check_name(label, f"a label of category {name!r}", words=True)
        made = tuple(
            (label, make_formula(f, f"category {name!r}, label {label!r}"))
            for label, f in labels.items()
        )
        self._add(Category(name, made, exclusive))

    def add_module(self, module: Module | type[Module] | str, **parameters: Any) -> Module:
        """Add a class module: an instance, or a class or its name with its parameters. Returns it.

        Raises `PathError` for parameters the class does not take, and for columns with an owner.

        >>> from hepnb.analysis import param
        >>> class Leading(Module):
        ...     uses, produces = ("Jet.pt",), ("leading",)
        ...     pt: float = param(30.0, unit="GeV", help="least transverse momentum")
        >>> Path().add_module("Leading", pt=50)
        Leading(pt=50.0)
        """
        if isinstance(module, str):
            module = find_module(module)
        if isinstance(module, type) and issubclass(module, Module):
            try:
                module = module(**parameters)
            except TypeError as error:
                raise PathError(f"add_module: {error}") from error
        elif parameters:
            raise PathError(
                "add_module: parameters go with a class or its name, not with an instance"
            )
        if not isinstance(module, Module):
            raise PathError(
                f"add_module: expected a Module, a class or its name, not {type(module).__name__}"
            )
        kind = type(module).__name__
        used: dict[str, Use] = {}
        for name in texts(module.uses, f"module {kind!r}: uses"):
            column, _, field = name.partition(".")
            use = used.setdefault(column, Use())
            if field:
                use.fields.add(field)
            else:
                use.whole = use.value = True
        made = texts(module.produces, f"module {kind!r}: produces")
        for name in made:
            check_name(name, "a column")
        title = self._title(kind, made)
        self._add(ModuleStep(title, module, Uses(used, {}), made))
        return module

    def _title(self, kind: str, made: tuple[str, ...]) -> str:
        """The name of a module: of its class, numbered; that of the one which its cell made before."""
        here = place_of_caller()
        taken = []
        for step, place in zip(self._steps, self._places, strict=True):
            if isinstance(step, ModuleStep) and step.name.split("-")[0] == kind:
                if here.again(place) and set(made) & set(step.produces):
                    return step.name
                taken.append(step.name)
        return f"{kind}-{len(taken) + 1}" if kind in taken else kind

    # results

    def hist(
        self,
        name: str,
        *,
        by: str | Sequence[str] = (),
        storage: str | None = None,
        label: str = "",
        weights: Sequence[str] | None = None,
        object_weight: Any = None,
        where: Any = None,
        variations: str | Sequence[str] = "all",
        **axes: Any,
    ) -> None:
        """Fill a histogram; each keyword is an axis: `mass="pair_mass: 300, 2, 120, log [m / GeV]"`.

        An axis is `expression: bins, low, high`, with `, log` for logarithmic bins; `expression: low,
        high, int`; `expression: [edges]`; `expression: bool`; or `("expression", hist_axis)`; a label
        may follow in square brackets. A jagged input fills once per object (all jagged inputs must
        have the same shape); event weights and categories are repeated for each object, and
        `object_weight` adds a factor per object. `by` adds a category axis each (categories,
        "dataset", "variation"). `where` is a further condition or a category's label. `weights` picks
        from the weights above; by default all of them count. `storage` is "Double", "Int64" or
        "Weight" (sum of squared weights too: the default when there are weights). Values are filled
        as float64 or int64; missing ones not at all. In a path with systematic variations it has an
        axis `variation` with those that `variations` picks, unless that is "nominal". Raises `PathError`
        in one line.

        >>> path = Path()
        >>> path.hist("muons", pt="Muon.pt: 50, 0, 100 [pT / GeV]", eta="Muon.eta: 24, -2.4, 2.4")
        """
        place = f"histogram {name!r}"
        check_name(name, "a histogram", file=True)
        if not axes:
            raise PathError(f"{place}: no axes; write axisname='expression: bins, low, high'")
        if storage is not None and storage not in _STORAGES:
            raise PathError(
                f"{place}: storage is one of {', '.join(_STORAGES)}, not {storage!r}{nearest(str(storage), _STORAGES)}"
            )
        names = texts(by, f"{place}: by")
        for axis in (*axes, *names):
            check_name(axis, f"an axis of {place}", reserved=False)
            if axis in ("weight", "sample", "threads"):
                raise PathError(f"{place}: an axis cannot be named {axis!r}")
            if [*axes, *names].count(axis) > 1:
                raise PathError(f"{place}: two axes are named {axis!r}")
        read = {axis: read_axis(axis, what, place) for axis, what in axes.items()}
        self._add(
            Histogram(
                name,
                tuple((axis, formula) for axis, (formula, _) in read.items()),
                tuple(axis for _, axis in read.values()),
                names,
                storage,
                label,
                None if weights is None else texts(weights, f"{place}: weights"),
                None
                if object_weight is None
                else make_formula(object_weight, f"{place}, object_weight"),
                None if where is None else make_formula(where, f"{place}, where"),
                Selector(variations).words,
            )
        )

    def table(self, name: str, columns: Sequence[str] | Mapping[str, Any]) -> None:
        """Write columns row by row: a list of names and expressions, or `{column: formula}`.

        Jagged columns give one row per object; columns per event are repeated. `run.table(name)` has
        them as a pandas DataFrame, with the dtypes of the columns. Raises `PathError` without columns.

        >>> path = Path()
        >>> path.table("muons", {"pt": "Muon.pt", "run": "run"})
        """
        check_name(name, "a table", file=True)
        place = f"table {name!r}"
        pairs: Iterable[tuple[str, Any]]
        if isinstance(columns, Mapping):
            pairs = columns.items()
        else:
            pairs = [(column, column) for column in texts(columns, f"{place}: columns")]
        pairs = tuple(pairs)
        for key, _ in pairs:
            check_name(key, f"a column of {place}", column=True)
        made = tuple((key, make_formula(f, f"{place}, column {key!r}")) for key, f in pairs)
        if not made:
            raise PathError(f"{place}: no columns")
        self._add(Table(name, made))

    # the whole

    def check(self, branches: Iterable[str] | None = None) -> None:
        """Raise `PathError` in one line for the first mistake; with the branches of a file, for its names too.

        >>> path = Path()
        >>> path.define("ht", "sum(Jet.pT)")
        >>> path.check(["nJet", "Jet_pt", "Jet_eta"])
        Traceback (most recent call last):
        ...
        hepnb.errors.MissingColumn: definition 'ht': 'Jet' has no field 'pT'; did you mean 'pt'?
        """
        check_steps(arrange(self._steps), None if branches is None else tuple(branches))

    def columns(self, branches: Iterable[str]) -> tuple[str, ...]:
        """The branches this path reads from a file with these branches. Raises as `check` does.

        >>> path = Path()
        >>> path.table("muons", ["Muon.pt"])
        >>> path.columns(["nMuon", "Muon_pt", "Muon_eta"])
        ('Muon_pt',)
        """
        return self.freeze().columns(branches)

    @property
    def hash(self) -> str:
        """The digest (SHA-256) of all that decides what this path makes of an event.

        It covers expressions, the code of functions and modules, the values they capture, the content
        of `hn.resource` files, and the versions of hepnb and of the libraries that are called. It is the
        same in every process. `explain` names what it cannot see. Raises as `check` does.
        """
        return self.freeze().hash

    def explain(self) -> Explanation:
        """The path step by step, its hash, and what the hash cannot see. Raises as `check` does.

        >>> path = Path("p")
        >>> path.table("t", ["run"])
        >>> path.explain().unseen
        ()
        """
        from .explaining import explain

        return explain(self)

    def freeze(self, variations: str | Sequence[str] = "all") -> Program:
        """The immutable program of this path as it stands now, with the variations that are wanted.

        `variations` is "nominal", "all", a pattern such as "jes*", or a list of names of variations,
        nuisances and sets; the nominal is always made. Raises `PathError` as `check` does.
        """
        steps = arrange(self._steps)
        check_steps(steps, None)
        selector = Selector(variations)
        known = tuple(names_of(steps))
        selector.check(known)
        for step in steps:
            if isinstance(step, Histogram):
                Selector(step.variations).check(known, f"{named(step)}: variations")
        chosen = selected(steps, selector)
        return Program(self.name, tuple(map(_frozen, chosen)), selector)


def _frozen(step: Step) -> Step:
    """A step that later changes of the user's objects do not reach."""
    if not isinstance(step, ModuleStep):
        return step
    try:
        return copy.deepcopy(step)
    except Exception as error:
        raise PathError(
            f"{named(step)} cannot be copied ({one_line(error)}): "
            "open files, locks and connections in setup()"
        ) from error
