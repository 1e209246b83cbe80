"""The kernel is small and files are short; what a kernel line is and which files are long, two decision records say."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

TREE = Path(__file__).parents[2]
LONG_FILES = TREE / "docs" / "adr" / "0009-files-over-400-lines.md"
KERNEL_LINES = 6_000
FILE_LINES = 400
OURS = ("cli", "house", "kernel", "local", "plugins", "samples", "scripts", "sdk", "tests")
KINDS = {".py", ".html", ".css", ".js", ".mjs", ".ts", ".typ"}
NOT_OURS = {"generated", "node_modules", "dist", "build", "__pycache__", ".venv"}
NOT_COUNTED = ("kernel/hookspecs/", "kernel/migrations/versions/")
_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _files(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        for path in (TREE / room).rglob("*"):
            if path.suffix in KINDS and not NOT_OURS & set(path.relative_to(TREE).parts):
                yield path


def code_lines(source: str) -> int:
    """Lines that hold code: no blank line, comment or docstring.

    >>> code_lines('"Says what it is."\\n\\n# why\\nx = 1\\n')
    1
    """
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
            lines.difference_update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(lines)


def test_a_code_line_is_neither_blank_nor_comment_nor_docstring() -> None:
    assert code_lines('"""What\nit is."""\n\n# why\ndef one() -> int:\n    """Say 1."""\n    return (\n        1\n    )\n') == 4


def test_the_kernel_stays_small() -> None:
    counted = {
        name: code_lines(path.read_text())
        for path in _files("kernel")
        if path.suffix == ".py" and not (name := path.relative_to(TREE).as_posix()).startswith(NOT_COUNTED)
    }
    assert sum(counted.values()) < KERNEL_LINES, sorted(counted.items(), key=lambda one: -one[1])[:20]


def test_files_are_short_but_for_those_that_a_decision_names() -> None:
    excused = set(re.findall(r"^- `([^`]+)`", LONG_FILES.read_text(), re.MULTILINE))
    lines = {path.relative_to(TREE).as_posix(): len(path.read_text().splitlines()) for path in _files(*OURS)}
    long = {name for name, count in lines.items() if count > FILE_LINES}
    assert long - excused == set(), "split these, or give the reason in docs/adr/0009"
    assert excused - long == set(), "these are short by now: take them out of docs/adr/0009"
