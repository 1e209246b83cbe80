"""No page shows a word that did not pass through gettext: each is drawn in the pseudo-locale and read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from kernel.directory import staff
from kernel.web.i18n import PSEUDO
from tests.words import untranslated

ROOT = Path(__file__).parents[2]


def _plain_pages(app: Any) -> list[str]:
    """Pages that need nothing in their address."""
    return sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if "-pages" in str(rule.endpoint) and "GET" in (rule.methods or ()) and not rule.arguments
    )


def test_every_word_of_every_page_is_translated(acme: Any) -> None:
    with acme.call() as ctx:
        staff.get_user(ctx, acme.users["alice"]).locale = PSEUDO
    client = acme.client()
    faults = {}
    for path in _plain_pages(acme.app):
        answer = client.get(path)
        if answer.status_code >= 500:
            faults[path] = ["does not open"]
        elif answer.mimetype == "text/html":
            faults[path] = untranslated(answer.text.split("</head>")[-1])
    assert len(faults) > 10
    assert {path: words for path, words in faults.items() if words} == {}


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
