"""Finds words on a page that did not pass through gettext: shown in the pseudo-locale, they have no brackets."""

from __future__ import annotations

from html.parser import HTMLParser

SHOWN = {"aria-label", "title", "placeholder", "alt"}
SILENT = {"script", "style", "kbd", "template"}
EMPTY = {"meta", "link", "input", "br", "img", "path", "circle", "rect", "polyline", "polygon", "hr"}


class _Untranslated(HTMLParser):
    """Collects words outside brackets and outside `translate="no"`."""

    def __init__(self) -> None:
        super().__init__()
        self.silence: list[bool] = [False]
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        silent = self.silence[-1] or tag in SILENT or given.get("translate") == "no"
        if not silent:
            self.found += [f"{name}={value}" for name, value in attrs if name in SHOWN and value and not _marked(value)]
        if tag not in EMPTY:
            self.silence.append(silent)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            self.silence.pop()

    def handle_data(self, data: str) -> None:
        if not self.silence[-1] and not _marked(data):
            self.found.append(data.strip())


def _marked(words: str) -> bool:
    return "⟦" in words or not any(letter.isalpha() for letter in words)


def untranslated(page: str) -> list[str]:
    """The words of a page that did not pass through gettext."""
    parser = _Untranslated()
    parser.feed(page)
    return parser.found
