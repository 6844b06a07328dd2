"""The operators of C++ in an expression: `&&`, `||` and `!` mean `and`, `or` and `not`.

As in C++ `!` binds tightly: `!a == b` is `(not a) == b`.
"""

from __future__ import annotations

import ast
import re

__all__ = ["parse"]

_WORDS = {"&&": " and ", "||": " or ", "!": "~"}
_TOKEN = re.compile(r"""'[^']*'|"[^"]*"|&&|\|\||!(?!=)""")


def parse(text: str) -> ast.expr:
    """The tree of an expression, with the places of its nodes in `text`. Raises as `ast.parse` does.

    >>> ast.unparse(parse("a > 1 && !(b || c)"))
    'a > 1 and (not (b or c))'
    """
    pieces: list[str] = []
    places: list[int] = []  # in the text, of each character of the Python
    last = 0
    for token in _TOKEN.finditer(text):
        word = _WORDS.get(token[0])
        if word is None:
            continue
        pieces += [text[last : token.start()], word]
        places += [*range(last, token.start()), *[token.start()] * len(word)]
        last = token.end()
    if not last:
        return ast.parse(text, mode="eval").body
    pieces.append(text[last:])
    places += range(last, len(text) + 1)
    try:
        tree = ast.parse("".join(pieces), mode="eval").body
    except SyntaxError as error:
        if error.offset:
            error.offset = places[min(error.offset - 1, len(places) - 1)] + 1
        raise
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            node.col_offset = places[min(node.col_offset, len(places) - 1)]
        if isinstance(node, ast.UnaryOp) and text[node.col_offset] == "!":
            node.op = ast.Not()
    return tree
