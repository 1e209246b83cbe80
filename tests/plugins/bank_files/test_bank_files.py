"""Carol imports statements, again and again, and settles what came in."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from house.stage import csrf_of
from kernel import jobs
from kernel.errors import DeskhandError, InvalidInput, NotFound
from kernel.hookspecs.receipts import ReceiptShare
from kernel.tenancy import change_settings
from plugins.bank_files import listing, services, uploads
from plugins.bank_files.errors import EntrySettled, MatchUndone, StatementUnreadable
from plugins.bank_files.models import BankFile, Entry
from plugins.bank_files.sheets import number
from plugins.billing import payments
from plugins.billing.invoices import get_invoice
from tests.plugins.bank_files.statements import ACCOUNT, HILL, Line, camt, table
from tests.plugins.billing.invoice_desk import balances, final, lay_out_taxes, line, taxed_client


@pytest.fixture
def hill(acme: Any) -> UUID:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": False})
        return taxed_client(ctx, lay_out_taxes(ctx))


def owe(world: Any, client_id: UUID, rate: int = 10000) -> Any:
    with world.call("carol") as ctx:
        return final(ctx, client_id, line(rate=rate))


def take(world: Any, content: bytes, **facts: str) -> BankFile:
    with world.call("carol") as ctx:
        row = uploads.take_file(ctx, name="september", content=content, **facts)
    jobs.drain(world.kernel, world.tenant_id)
    with world.call("carol") as ctx:
        kept = uploads.get_file(ctx, row.id)
        ctx.session.expunge(kept)
        return kept


def entries(world: Any) -> list[Entry]:
    with world.call("carol") as ctx:
        found = list(ctx.session.query(Entry).order_by(Entry.id))
        ctx.session.expunge_all()
        return found


def best(world: Any, entry: Entry) -> Any:
    with world.call("carol") as ctx:
        found = services.suggestions(ctx, [services.get_entry(ctx, entry.id)])[entry.id]
        return found[0] if found else None


def confirm(world: Any, entry: Entry) -> Any:
    one = best(world, entry)
    with world.call("carol") as ctx:
        return services.match_entry(ctx, entry.id, client_id=one.client_id, amount=one.amount, shares=one.shares)


@pytest.mark.parametrize("version", range(2, 9))
def test_each_version_of_the_statement_is_read(acme: Any, hill: UUID, version: int) -> None:
    invoice = owe(acme, hill)
    row = take(acme, camt(Line("120.00", f"Invoice {invoice.number}"), Line("-9.90", "Fees"), Line("5.00", status="PDNG"),
                          version=version))  # fmt: skip
    assert (row.state, row.found, row.fresh, row.skipped) == ("done", 2, 2, 1)
    came, went = entries(acme)
    assert (came.amount, came.iban, came.state, went.amount, went.state) == (12000, HILL, "open", -990, "outgoing")
    suggested = best(acme, came)
    assert (suggested.sure, suggested.numbers) == (True, (invoice.number,))
    confirm(acme, came)
    with acme.call("carol") as ctx:
        assert get_invoice(ctx, invoice.id).settled == 12000


def test_the_same_file_twice_and_overlapping_files_change_nothing(acme: Any) -> None:
    alike = Line("10.00", "Parking"), Line("10.00", "Parking")
    first = take(acme, camt(*alike, Line("20.00", "A")))
    again = take(acme, camt(*alike, Line("20.00", "A")))
    more = take(acme, camt(Line("20.00", "A"), *alike, Line("30.00", "B"), Line("10.00", "Parking")))
    assert (first.fresh, again.fresh, more.fresh) == (3, 0, 2)
    assert sorted(one.amount for one in entries(acme)) == [1000, 1000, 1000, 2000, 3000]


def test_the_same_file_by_two_at_once_is_one(acme: Any) -> None:
    content = camt(*(Line(f"{at}.00", f"Text {at}") for at in range(1, 40)))
    with acme.call("carol") as ctx:
        rows = [uploads.take_file(ctx, name="a", content=content) for _ in range(3)]

    def read(row: BankFile) -> None:
        with acme.call("carol") as ctx:
            mine = uploads.get_file(ctx, row.id)
            for statement, part in uploads.batches(uploads.read_statements(ctx, mine)):
                uploads.keep_entries(ctx, mine, statement, part)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(read, rows))
    assert len(entries(acme)) == 39


def test_columns_are_named_once_for_an_account(acme: Any, hill: UUID) -> None:
    invoice = owe(acme, hill)
    content = table(Line("1120.00", f"RNr. {invoice.number}", name="Müller & Söhne"))
    first = take(acme, content, account="DE89 3704 0044 0532 0130 00", currency="EUR")
    assert first.state == "columns"
    with acme.call("carol") as ctx:
        columns = uploads.columns_for(ctx, uploads.get_file(ctx, first.id))
        assert columns.places == {"date": 0, "amount": 1, "name": 2, "iban": 3, "text": 4, "reference": 5}
        assert (columns.date_order, columns.comma) == ("dmy", True)
        uploads.name_columns(ctx, first.id, columns)
    jobs.drain(acme.kernel, acme.tenant_id)
    [entry] = entries(acme)
    assert (entry.amount, entry.name, str(entry.booked_on)) == (112000, "Müller & Söhne", "2026-09-30")
    second = take(acme, table(Line("5.00")), account=ACCOUNT, currency="EUR")
    assert (second.state, second.fresh) == ("done", 1)
    other = take(acme, table(Line("5.00")).replace(b"Betrag", b"Umsatz"), account=ACCOUNT, currency="EUR")
    assert other.state == "columns"


def test_carol_names_columns_in_a_browser(acme: Any) -> None:
    row = take(acme, table(Line("5.00"), Line("7,5")), account=ACCOUNT, currency="EUR")
    browser, path = acme.client("carol"), f"/bank-files/{row.id}/columns"
    page = browser.get(path).text
    assert "1 Buchungstag" in page
    form = {"csrf_token": csrf_of(page), "date": "1", "amount": "3", "text": "5", "date_order": "dmy", "comma": "true"}
    assert browser.post(path, data=form).status_code == 422
    assert browser.post(path, data=form | {"amount": "2"}).status_code == 303
    jobs.drain(acme.kernel, acme.tenant_id)
    assert sorted(one.amount for one in entries(acme)) == [500, 750]


def test_an_account_is_remembered_after_its_first_match(acme: Any, hill: UUID) -> None:
    owe(acme, hill)
    take(acme, camt(Line("100.00", "Thanks", name="H. Consulting"), Line("7.00", "Thanks", name="H. Consulting")))
    first, second = entries(acme)
    assert best(acme, first) is None
    with acme.call("carol") as ctx:
        services.match_entry(ctx, first.id, client_id=hill)
        match_id = services.list_matches(ctx, first.id)[0].id
    suggested = best(acme, second)
    assert (suggested.client_id, suggested.why, suggested.sure) == (hill, ("account",), False)
    with acme.call("carol") as ctx:
        services.undo_match(ctx, match_id)
    assert best(acme, second) is None


def test_suggestions_by_reference_amount_and_several_numbers(acme: Any, hill: UUID) -> None:
    one, two, three = owe(acme, hill), owe(acme, hill, 5000), owe(acme, hill, 7000)
    take(acme, camt(Line("180.00", f"{one.number}+{two.number}"), Line("84.00", "", name="HILL & SONS GMBH", iban=""),
                    Line("120.00", "", structured=_creditor_reference(one.number), name="?", iban="")))  # fmt: skip
    both, amount, referred = entries(acme)
    assert (best(acme, both).sure, set(best(acme, both).numbers)) == (True, {one.number, two.number})
    assert (best(acme, amount).why, best(acme, amount).numbers) == (("name", "amount"), (three.number,))
    assert (best(acme, referred).why, best(acme, referred).sure) == (("reference", "amount"), True)


def _creditor_reference(number: str) -> str:
    body = "".join(one for one in number if one.isalnum()).upper()
    check = 98 - int("".join(str(int(one, 36)) for one in body + "RF00")) % 97
    return f"RF{check:02}{body}"


def test_an_entry_is_split_among_clients_and_taken_back(acme: Any, hill: UUID) -> None:
    invoice = owe(acme, hill)
    with acme.call("alice") as ctx:
        other = taxed_client(ctx, get_region(ctx), name="Valley Ltd")
    take(acme, camt(Line("150.00", "for both")))
    [entry] = entries(acme)
    with acme.call("carol") as ctx:
        first = services.match_entry(ctx, entry.id, client_id=hill, amount=12000, shares=[ReceiptShare(invoice.id, 12000)])
        with pytest.raises(InvalidInput):
            services.match_entry(ctx, entry.id, client_id=other, amount=3001)
    with acme.call("carol") as ctx:
        second = services.match_entry(ctx, entry.id, client_id=other)
    assert [(one.state, one.matched) for one in entries(acme)] == [("matched", 15000)]
    with acme.call("carol") as ctx:
        with pytest.raises(EntrySettled):
            services.match_entry(ctx, entry.id, client_id=hill)
        services.undo_match(ctx, first.id)
    with acme.call("carol") as ctx:
        with pytest.raises(MatchUndone):
            services.undo_match(ctx, first.id)
        payments.take_back_payment(ctx, second.receipt_id)  # on the payment's own page
    assert "was taken back" in acme.client("carol").get(f"/bank-entries/{entry.id}").text
    with acme.call("carol") as ctx:
        services.undo_match(ctx, second.id)
    assert [(one.state, one.matched) for one in entries(acme)] == [("open", 0)]
    with acme.call("carol") as ctx:
        assert balances(ctx).get("cash", 0) == 0


def get_region(ctx: Any) -> UUID:
    from plugins.tax.models import Region

    return ctx.session.query(Region).first().id


def test_two_people_confirm_at_once(acme: Any, hill: UUID) -> None:
    owe(acme, hill)
    take(acme, camt(Line("120.00", "x")))
    [entry] = entries(acme)

    def act(_: int) -> str:
        try:
            with acme.call("carol") as ctx:
                services.match_entry(ctx, entry.id, client_id=hill)
        except DeskhandError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(act, range(3))) == ["bank_entry_settled", "bank_entry_settled", "done"]


def test_entries_are_set_aside_and_taken_up(acme: Any, hill: UUID) -> None:
    take(acme, camt(Line("1.00", "Interest"), Line("-5.00", "Fee")))
    came, went = entries(acme)
    with acme.call("carol") as ctx:
        services.ignore_entry(ctx, came.id)
        for entry in (came, went):
            with pytest.raises(EntrySettled):
                services.match_entry(ctx, entry.id, client_id=hill)
        services.reopen_entry(ctx, came.id)
        assert listing.sums(ctx) == [{"currency": "EUR", "waiting": 1, "left": 100, "matched": 0, "all": 1}]


@pytest.mark.parametrize("content", [
    b"", b"<a/>", b"<Document", camt(Line("1.00")).replace(b"053.001.08", b"053.001.01"),
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + camt(Line("1.00", "&x;")).split(b"?>")[1],
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + camt(Line("1.00", "&b;")).split(b"?>")[1],
    camt(Line("1.001")), camt(Line("x")), camt(Line("1.00", day="2026-13-01")), camt(Line("1.00"), currency="EUX"),
    camt(Line("1e99")), camt(Line("NaN")), camt(Line("1.00"), account=""),
], ids=str)  # fmt: skip
def test_what_is_no_statement_is_refused_in_words(acme: Any, content: bytes) -> None:
    with acme.call("carol") as ctx, pytest.raises(InvalidInput):
        uploads.take_file(ctx, name="x", content=content)
    assert entries(acme) == []


def test_a_bad_row_refuses_the_whole_table(acme: Any) -> None:
    content = table(Line("5.00"), Line("five"))
    row = take(acme, content, account=ACCOUNT, currency="EUR")
    with acme.call("carol") as ctx:
        columns = uploads.columns_for(ctx, uploads.get_file(ctx, row.id))
        with pytest.raises(StatementUnreadable, match="Line 3"):
            uploads.name_columns(ctx, row.id, columns)
    assert entries(acme) == []


def test_yen_have_no_decimals(acme: Any) -> None:
    take(acme, camt(Line("500"), currency="JPY"))
    assert [(one.amount, one.currency) for one in entries(acme)] == [(500, "JPY")]


def test_carol_works_through_her_inbox_in_a_browser(acme: Any, hill: UUID, beta: Any) -> None:
    invoice = owe(acme, hill)
    browser = acme.client("carol")
    assert "No bank entries yet" in browser.get("/bank-entries").text
    page = browser.get("/bank-files/new")
    sent = {
        "csrf_token": csrf_of(page.text),
        "file": (BytesIO(camt(Line("120.00", f"<b>{invoice.number}</b>".replace("<", "&lt;")))), "s.xml"),
    }
    assert browser.post("/bank-files/new", data=sent).status_code == 303
    jobs.drain(acme.kernel, acme.tenant_id)
    inbox = browser.get("/bank-entries?state=open").text
    assert "&lt;b" in inbox
    assert invoice.number in inbox
    [entry] = entries(acme)
    code = inbox.split('name="suggestion" value="')[1].split('"')[0]
    done = browser.post(f"/bank-entries/{entry.id}/confirm", data={"suggestion": code, "csrf_token": csrf_of(inbox)})
    assert done.status_code == 303
    assert "Matched" in browser.get(f"/bank-entries/{entry.id}").text
    again = browser.post(f"/bank-entries/{entry.id}/confirm", data={"suggestion": code, "csrf_token": csrf_of(inbox)})
    assert again.status_code == 409
    assert acme.client("bob").get("/bank-entries").status_code == 403
    assert beta.client("carol").get(f"/bank-entries/{entry.id}").status_code == 404
    with beta.call("carol") as ctx, pytest.raises(NotFound):
        services.match_entry(ctx, entry.id, client_id=hill)


@pytest.mark.parametrize(
    ("text", "comma", "read"),
    [
        ("12,50", False, None),
        ("12.50", True, None),
        ("1.234", False, "1.234"),
        ("1.234", True, "1234"),
        ("1,23,456.70", False, "123456.70"),
        ("1.234,5.0", True, None),
    ],
)
def test_marks_that_stand_elsewhere_are_no_thousands(text: str, comma: bool, read: str | None) -> None:
    if read is None:
        with pytest.raises(ValueError, match=re.escape(text)):
            number(text, comma=comma)
    else:
        assert number(text, comma=comma) == read
