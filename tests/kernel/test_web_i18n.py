"""Words: lazy and plural ones, catalogues, and a pseudo-locale that shows every word that was not translated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kernel.directory import staff
from kernel.web import i18n
from kernel.web.i18n import PSEUDO, gettext, lazy_gettext, ngettext, pseudo, speaking
from tests.words import untranslated

PAGES = ["/", "/parcels", "/parcels?q=zzz", "/parcels/4", "/parcels/new", "/parcels/1/edit", "/parcels/rules", "/parcels/card",
         "/parcels/why", "/parcels?status=eaten"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_word_of_every_page_is_translated(parcels: Any, path: str) -> None:
    with parcels.call() as ctx:
        staff.get_user(ctx, parcels.users["alice"]).locale = PSEUDO
    page = parcels.client().get(path).text
    body = page.split("</head>")[-1]
    assert untranslated(body) == []


def test_the_check_itself_sees_what_is_missing() -> None:
    assert untranslated('<p>Plain</p><p translate="no">Data</p><p>⟦Öķ·⟧</p><i title="Hint"></i>') == [
        "Plain",
        "title=Hint",
    ]


def test_pseudo_words_keep_their_places_and_grow() -> None:
    assert pseudo("Close %(name)s") == "⟦Çļöšé %(name)s···⟧"
    with speaking(PSEUDO):
        assert "Bob" in gettext("Hello %(name)s", name="Bob")
        assert ngettext("%(num)d row", "%(num)d rows", 3).startswith("⟦3")


def test_catalogues_are_found_by_locale_then_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "deskhand.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "Save"\nmsgstr "Speichern"\n\nmsgid "%(num)d row"\nmsgid_plural "%(num)d rows"\n'
        'msgstr[0] "%(num)d Zeile"\nmsgstr[1] "%(num)d Zeilen"\n'
    )
    monkeypatch.setattr(i18n, "_folders", [])
    i18n.add_catalogues(tmp_path)
    later = lazy_gettext("Save")
    assert str(later) == "Save"
    with speaking("de-AT"):
        assert str(later) == "Speichern"
        assert ngettext("%(num)d row", "%(num)d rows", 2) == "2 Zeilen"
        assert gettext("Unknown words") == "Unknown words"
    assert i18n.offered() == ["en", "de"]
    i18n._catalogue.cache_clear()


def test_odd_locales_fall_back_to_english() -> None:
    with speaking("xx-nonsense"):
        assert i18n.babel_locale() == "en"
        assert gettext("Save") == "Save"


def test_words_of_code_and_templates_are_found_for_translators(tmp_path: Path) -> None:
    from babel.messages.frontend import CommandLineInterface

    web = Path(i18n.__file__).parent
    target = tmp_path / "deskhand.pot"
    CommandLineInterface().run([
        "pybabel", "-q", "extract", "-F", str(web / "babel.cfg"), "-k", "lazy_gettext", "-k", "_l", "-o", str(target), str(web),
    ])  # fmt: skip
    found = target.read_text()
    for words in ("Sign in", "Skip to the content", "Write a number.", "Desk", "Trying again"):
        assert f'msgid "{words}"' in found
