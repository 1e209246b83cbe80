"""Words in the reader's language: gettext over catalogues of kernel and plugins, and a pseudo-locale that shows what was missed.

Works with and without a request: mails and jobs say `with speaking("de"):`.
"""

from __future__ import annotations

import gettext as stdlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

PSEUDO = "en-XA"
"""A locale for tests and translators: accents, brackets and 40 % more length on every translated word."""
DOMAIN = "deskhand"

_speaking: ContextVar[str] = ContextVar("locale", default="en")
_folders: list[Path] = [Path(__file__).parent / "translations"]
_ACCENTS = str.maketrans("aceilnosuyzACEILNOSUYZ", "àçéîļñöšûýžÀÇÉÎĻÑÖŠÛÝŽ")
_FIXED = re.compile(r"(%\(\w+\)[sd]|%[sd%]|<[^>]*>|&\w+;)")


def locale() -> str:
    """The locale now spoken, such as `en`, `de-AT` or the pseudo-locale."""
    return _speaking.get()


def babel_locale() -> str:
    """The same locale as babel names it; the pseudo-locale writes numbers and dates in English."""
    return _babel_name(locale())


@cache
def _babel_name(name: str) -> str:
    try:
        return str(Locale.parse("en" if name == PSEUDO else name.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        return "en"


def offered() -> list[str]:
    """The locales that have a catalogue, English first."""
    found = {path.parent.parent.name.replace("_", "-") for folder in _folders for path in folder.glob(f"*/*/{DOMAIN}.po")}
    return ["en", *sorted(found - {"en"})]


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Speak another locale inside the block."""
    token = _speaking.set(name)
    try:
        yield
    finally:
        _speaking.reset(token)


def add_catalogues(folder: Path) -> None:
    """Look for `<locale>/LC_MESSAGES/deskhand.po` in this folder too (each plugin's `translations`)."""
    if folder.is_dir() and folder not in _folders:
        _folders.append(folder)
        _catalogue.cache_clear()


def gettext(message: str, **values: Any) -> str:
    """The message in the reader's language, with `%(name)s` filled in."""
    return _fill(_translate(message, None, 1), values)


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """The message in the form that the language has for `num`, which fills `%(num)d`."""
    return _fill(_translate(singular, plural, num), {"num": num, **values})


class LazyText:
    """A message that is translated when it is shown, for words written at import time."""

    __slots__ = ("message", "values")

    def __init__(self, message: str, values: dict[str, Any]) -> None:
        self.message, self.values = message, values

    def __str__(self) -> str:
        return gettext(self.message, **self.values)

    def __html__(self) -> str:
        from markupsafe import escape

        return str(escape(str(self)))


def lazy_gettext(message: str, **values: Any) -> LazyText:
    """Like gettext, for module level: translated each time it is shown."""
    return LazyText(message, values)


def pseudo(message: str) -> str:
    """The message as the pseudo-locale shows it.

    >>> pseudo("Close %(name)s")
    '⟦Çļöšé %(name)s···⟧'
    """
    parts = [part if index % 2 else part.translate(_ACCENTS) for index, part in enumerate(_FIXED.split(message))]
    letters = sum(len(part) for part in parts[::2])
    return f"⟦{''.join(parts)}{'·' * max(1, round(letters * 0.4 + 0.4))}⟧"


def _fill(message: str, values: dict[str, Any]) -> str:
    return message % values if values else message


def _translate(singular: str, plural: str | None, num: int) -> str:
    name = locale()
    if name == PSEUDO:
        return pseudo(singular if plural is None or num == 1 else plural)
    catalogue = _catalogue(name)
    return catalogue.gettext(singular) if plural is None else catalogue.ngettext(singular, plural, num)


@cache
def _catalogue(name: str) -> stdlib.NullTranslations:
    """All catalogues of a locale, then those of its language (`de-AT` → `de`); English is in the source."""
    found = stdlib.NullTranslations()
    for spoken in dict.fromkeys((name.replace("-", "_"), name.replace("_", "-").split("-")[0])):
        for folder in _folders:
            path = folder / spoken / "LC_MESSAGES" / f"{DOMAIN}.po"
            if path.is_file():
                found.add_fallback(_read(path))
    return found


def _read(path: Path) -> stdlib.GNUTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return stdlib.GNUTranslations(compiled)
