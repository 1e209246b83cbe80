"""Carol hands her auditor the statements as they came from the bank."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plugins.bank_files import uploads
from plugins.bank_files.models import BankFile
from tests.plugins.bank_files.statements import ACCOUNT, Line, camt
from tests.plugins.bank_files.test_bank_files import entries, take


def kept(world: Any, name: str, content: bytes, **facts: str) -> BankFile:
    with world.call("carol") as ctx:
        row = uploads.take_file(ctx, name=name, content=content, **facts)
        ctx.session.expunge(row)
        return row


def test_a_statement_comes_back_byte_by_byte_and_nothing_is_shown_inline(acme: Any) -> None:
    content = camt(Line("120.00", "Zahlung für Müller"))
    row = take(acme, content)
    browser = acme.client("carol")
    for path in (f"/bank-files/{row.id}/original", f"/api/v1/bank-files/{row.id}/original"):
        answer = (acme.api("carol") if "/api/" in path else browser).get(path)
        assert (answer.status_code, answer.data, answer.mimetype) == (200, content, "application/xml")
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''september.xml"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    [entry] = entries(acme)
    assert f"/bank-files/{row.id}/original" in browser.get(f"/bank-entries/{entry.id}").text
    assert f"/bank-files/{row.id}/original" in browser.get("/bank-files").text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("kontoauszug.csv", "kontoauszug.csv"),
        ("Auszug Müller\r\nSet-Cookie: a=b", "Auszug%20M%C3%BCller%0D%0ASet-Cookie%3A%20a%3Db.csv"),
        ('"; filename=evil.html', "%22%3B%20filename%3Devil.html"),
        ("../../etc/passwd.csv", "..%2F..%2Fetc%2Fpasswd.csv"),
    ],
)
def test_a_table_keeps_its_name_and_no_name_breaks_out(acme: Any, name: str, told: str) -> None:
    content = "Datum;Betrag;Name\n01.09.2026;120,00;Müller\n".encode("cp1252")
    row = kept(acme, name, content, account=ACCOUNT, currency="EUR")
    answer = acme.client("carol").get(f"/bank-files/{row.id}/original")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, content, "text/csv")
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{told}"
    assert "Set-Cookie" not in answer.headers or "a=b" not in answer.headers["Set-Cookie"]


def test_it_is_there_for_those_who_may_see_it_in_the_house_alone(acme: Any, beta: Any) -> None:
    row = take(acme, camt(Line("120.00")))
    assert beta.client("carol").get(f"/bank-files/{row.id}/original").status_code == 404
    assert acme.client("bob").get(f"/bank-files/{row.id}/original").status_code == 403
    mine = take(beta, camt(Line("120.00")))
    with beta.call("carol") as ctx:
        assert uploads.original_of(ctx, mine.id).content == camt(Line("120.00"))


def test_many_statements_are_a_list_of_pages(acme: Any, clock: Any) -> None:
    for number in range(3):
        kept(acme, f"s{number}.xml", camt(Line("1.00", f"No. {number}")))
        clock.advance(timedelta(minutes=1))
    first = acme.client("carol").get("/bank-files?limit=2").text
    assert "s2.xml" in first and "s0.xml" not in first and "cursor=" in first
