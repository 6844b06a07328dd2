"""Running the body of a `%%hepanalysis` cell as if it stood in a cell of its own.

The body is compiled under a name of its own in the line cache, its lines counted from the magic's, so
that tracebacks here, and later from the workers, show the lines the user sees.
"""

# IPython leaves its magics untyped.
# mypy: allow-untyped-calls, allow-untyped-decorators

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from .._bind import Path

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


__all__ = ["path_from_cell"]


def path_from_cell(shell: InteractiveShell, name: str, body: str) -> Path:
    """Run the definitions of a cell with `path` a fresh `hn.Path(name)`; returns it, built.

    What the cell defines stays in the user's namespace, `path` included. An exception of the cell
    passes through.
    """
    __tracebackhide__ = True
    path = Path(name)
    shell.user_ns["path"] = path
    _execute(shell, body)
    kept: object = shell.user_ns.get("path")
    if kept is not path:
        raise UsageError(
            "the cell gave `path` another value: in this cell `path` is the path that will run"
        )
    return path


def _execute(shell: InteractiveShell, body: str) -> None:
    __tracebackhide__ = True
    # The first line is the magic's own: with an empty one in its place, line numbers agree.
    source = "\n" + shell.transform_cell(body)
    file = shell.compile.cache(source, shell.execution_count, raw_code=body)
    # compile() through IPython's compiler keeps the user's `from __future__` imports.
    tree: Any = shell.transform_ast(shell.compile.ast_parse(source, filename=file))
    # The user's own cell, in the user's own kernel: what a notebook does.
    exec(shell.compile(tree, file, "exec"), shell.user_ns)  # noqa: S102
