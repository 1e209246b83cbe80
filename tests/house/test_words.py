"""No page shows a word that did not pass through gettext: each is drawn in the pseudo-locale and read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from babel import Locale

from house.furniture import KERNEL, Rows
from house.rules.test_code import NAMES
from house.walk import Door, page_doors
from kernel.directory import staff
from kernel.gate import PUBLIC
from kernel.web import i18n
from kernel.web.i18n import PSEUDO
from tests.conftest import World
from tests.words import untranslated

_COUNTRIES = set(Locale("en").territories.values())
_ENDS = {"/logout", "/me/sessions/close"}
"""What ends the session leads to the page before signing in."""
ROOT = Path(__file__).parents[2]


def _pages(app: Any, room: str, method: str) -> list[Door]:
    """The web pages of a room for who is signed in; doors of guests answer in their own words."""
    doors = [door for door in page_doors(app) if door.plugin == room and door.method == method and door.noun != "x"]
    return [door for door in doors if door.permission != PUBLIC]


def _read(answer: Any) -> list[str]:
    """What is wrong with a page; countries are called as CLDR has them."""
    if answer.status_code >= 500:
        return ["does not open"]
    found = untranslated(answer.text.split("</head>")[-1]) if answer.mimetype == "text/html" else []
    return [words for words in found if words not in _COUNTRIES]


@pytest.mark.parametrize("room", [KERNEL, *NAMES])
def test_every_word_of_every_page_is_translated(room: str, furnished_acme: tuple[World, Rows], app: Any) -> None:
    """Lists, details and forms with rows of every kind; then forms as they come back when sent empty, and what each deed
    leads to.
    """
    acme, rows = furnished_acme
    with acme.call() as ctx:
        staff.get_user(ctx, acme.users["alice"]).locale = PSEUDO
    reading, writing = _pages(app, room, "GET"), _pages(app, room, "POST")
    forms, browser = {door.rule for door in reading}, acme.client()
    faults = {str(door): _read(browser.get(door.address(rows.ids(door)), follow_redirects=True)) for door in reading}
    for door in sorted(writing, key=lambda door: (door.rule not in forms, "delete" in door.rule)):
        if door.rule not in _ENDS:
            faults[str(door)] = _read(acme.client().post(door.address(rows.ids(door)), data={}, follow_redirects=True))
    assert {door: words for door, words in faults.items() if words} == {}


@pytest.mark.usefixtures("acme")  # without a tenant there is nobody to sign in
def test_every_word_before_signing_in_is_translated(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = tmp_path / PSEUDO / "LC_MESSAGES" / "deskhand.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.touch()
    monkeypatch.setattr(i18n, "_folders", [tmp_path])
    browser = app.test_client()
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = PSEUDO
    for answer in (browser.get("/login"), browser.post("/login"), browser.get("/no-such-page")):
        assert answer.text.count("⟦") > 2
        assert _read(answer) == []


def test_a_percent_sign_in_a_template_is_doubled() -> None:
    """Templates fill placeholders in every sentence, so a lone percent sign would break the page when it is opened."""
    sentence = re.compile(r"""\b_\(\s*"([^"]*)\"""")
    faults = [
        (str(path.relative_to(ROOT)), words)
        for folder in ("kernel", "plugins")
        for path in (ROOT / folder).rglob("templates/**/*.html")
        for words in sentence.findall(path.read_text())
        if re.search(r"%(?![(%])", words.replace("%%", ""))
    ]
    assert faults == []
