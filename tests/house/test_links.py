"""Links between documents lead somewhere: to a file of this tree, and to a heading that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
NOT_OURS = {"node_modules", "dist", "build", ".venv", ".deskhand", ".cache", ".git", ".pytest_cache"}
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def _pages() -> list[Path]:
    return sorted(path for path in TREE.rglob("*.md") if not NOT_OURS & set(path.relative_to(TREE).parts))


def _links(page: Path) -> Iterator[str]:
    for target in _LINK.findall(_CODE.sub("", page.read_text())):
        if not re.match(r"[a-z]+:", target):
            yield target


def _anchors(page: Path) -> set[str]:
    """The names that a forge gives to headings: lower case, hyphens for spaces, other signs dropped."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in _HEADING.findall(text)}


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.relative_to(TREE).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(TREE), link
        if anchor and target.suffix == ".md":
            assert anchor in _anchors(target), link
