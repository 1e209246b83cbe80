"""Acme's documents go to the books of a Xero organisation, and what happens there comes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from xero_fake import Organisation, XeroFake, running

from kernel.errors import Unavailable
from kernel.hookspecs.accounting import (
    Document,
    DocumentLine,
    Done,
    External,
    Failed,
    Money,
    MoneyShare,
    NewCustomer,
    NewItem,
    Voiding,
)
from kernel.hookspecs.connections import Access, ConsentWithdrawn
from kernel.hookspecs.papers import PaperPlace
from plugins.xero.gateway import XeroBooks
from plugins.xero.systems import check

NOW = datetime(2026, 10, 1, 8, tzinfo=UTC)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[XeroFake]:
    fake = XeroFake(NOW)
    fake.register("client", "secret")
    with running(fake):
        monkeypatch.setenv("DESKHAND_XERO_URL", fake.url)
        yield fake


@pytest.fixture
def org(fake: XeroFake) -> Organisation:
    org = fake.organisation("Acme MSP Ltd", currency="GBP", country="GB")
    org.tax_rate("OUTPUT2", "20% (VAT on Income)", Decimal(20))
    org.tax_rate("TAX001", "City and state", Decimal("8.875"), [("State", Decimal(4)), ("City", Decimal("4.875"))])
    org.currencies |= {"JPY"}
    return org


def _access(fake: XeroFake, org: Organisation) -> Access:
    token = fake.token_for("client", org.tenant)
    return Access(uuid4(), "xero", "production", org.tenant, org.name, token, NOW + timedelta(minutes=30))


@pytest.fixture
def books(fake: XeroFake, org: Organisation) -> XeroBooks:
    return XeroBooks(_access(fake, org))


def _customer(books: XeroBooks, name: str = "Contoso") -> str:
    [made] = books.put_customers([NewCustomer(UUID(int=1), "c1", name, "GBP", "pay@contoso.example", PaperPlace("Main St 1"))])
    assert isinstance(made, Done), made
    return made.external.id


def _item(books: XeroBooks, sku: str = "HELP") -> str:
    [made] = books.put_items([NewItem(UUID(int=2), "i1", "Help desk", sku, "200")])
    assert isinstance(made, Done), made
    return made.external.id


def _line(net: int = 10_000, tax: int = 2_000, **more: Any) -> DocumentLine:
    facts: dict[str, Any] = {"item": "HELP", "quantity": Decimal(2), "unit_price": net // 2, "tax_code": "OUTPUT2"} | more
    return DocumentLine(1, "Help desk, October", net=net, tax=tax, **facts)


def _document(customer: str, number: str = "INV-1", *, kind: str = "invoice", lines: tuple[DocumentLine, ...] = (_line(),),
              **more: Any) -> Document:  # fmt: skip
    net, tax = sum(one.net for one in lines), sum(one.tax for one in lines)
    facts: dict[str, Any] = {"currency": "GBP", "exponent": 2} | more
    return Document(uuid4(), kind, f"d-{number}", number, customer, issued_on=date(2026, 10, 1), due_on=date(2026, 10, 15),
                    term=None, lines=lines, taxes=(), net=net, tax=tax, total=net + tax, **facts)  # fmt: skip


def _put(books: XeroBooks, *documents: Document) -> list[Any]:
    return list(books.put_documents(documents))


@pytest.fixture
def customer(books: XeroBooks) -> str:
    _item(books)
    return _customer(books)


def test_the_company_and_what_ours_may_be_mapped_to(books: XeroBooks, customer: str) -> None:
    company = books.company()
    assert (company.name, company.home_currency) == ("Acme MSP Ltd", "GBP")
    assert [(one.id, one.name) for one in books.choices("item")] == [("HELP", "Help desk")]
    assert [one.id for one in books.choices("client")] == [customer]
    assert {one.id: one.detail for one in books.choices("tax")}["TAX001"] == "8.875 % = State 4 % + City 4.875 %"
    assert {one.id for one in books.choices("account")} == {"200", "090"}


def test_documents_say_the_same_on_both_sides(books: XeroBooks, org: Organisation, customer: str) -> None:
    lines = (
        _line(),
        _line(3_333, 296, quantity=Decimal("1.33333"), unit_price=2_500, tax_code="TAX001"),  # four decimals are all there are
        _line(1_000, 0, quantity=Decimal(3), unit_price=None, tax_code=None, item=None),
        _line(-500, -100, quantity=Decimal(1), unit_price=-500),
    )
    made, note = _put(books, _document(customer, lines=lines, accounts={"income": "200"}, po_number="PO 7"),
                      _document(customer, "CN-1", kind="credit_note", corrects="INV-1"))  # fmt: skip
    assert (made.total, made.tax) == (13_833 + 2_196, 2_196)
    row = org.find("Invoices", "INV-1")
    assert row is not None
    assert [one["TaxAmount"] for one in row["LineItems"]] == [Decimal(20), Decimal("2.96"), Decimal(0), Decimal(-1)]
    assert row["LineItems"][1]["Description"] == "1.33333 × Help desk, October"
    assert (row["Reference"], row["Status"], row["LineAmountTypes"], row["DueDate"]) == (
        "PO 7", "AUTHORISED", "Exclusive", "/Date(1792022400000+0000)/",
    )  # fmt: skip
    assert (note.total, org.rows["CreditNotes"][note.external.id]["Reference"]) == (12_000, "INV-1")


def test_yen_have_no_decimals_and_dinars_have_too_many(books: XeroBooks, customer: str) -> None:
    [made] = _put(books, _document(customer, lines=(_line(10_000, 1_000),), currency="JPY", exponent=0))
    assert (made.total, made.tax) == (11_000, 1_000)
    dinars = _document(customer, currency="BHD", exponent=3)
    assert [one.code for one in check(None, [dinars])] == ["currency_unsupported"]  # type: ignore[arg-type]


def test_one_mistake_does_not_hold_up_the_others(books: XeroBooks, org: Organisation, customer: str) -> None:
    org.locked_until = date(2026, 8, 31)
    old = _document(customer, "INV-3")._replace(issued_on=date(2026, 8, 1))
    told = _put(books, _document(customer), _document(customer, "INV-2", lines=(_line(item="NONE"),)), old,
                _document("00000000-0000-0000-0000-000000000000", "INV-4"), _document(customer, "INV-5"))  # fmt: skip
    assert [one.code if isinstance(one, Failed) else "done" for one in told] == ["done", "refused", "closed", "refused", "done"]
    [again] = _put(books, _document(customer)._replace(request_id="another"))
    assert again.code == "duplicate_number"
    [found] = books.find("invoice", ["INV-1", "INV-99"])
    assert (found.external.id, found.total) == (told[0].external.id, 12_000)


def test_a_lost_answer_writes_nothing_twice(books: XeroBooks, fake: XeroFake, org: Organisation, customer: str) -> None:
    document = _document(customer)
    fake.mishaps.plan("lost_answer", path="/Invoices")
    with pytest.raises(Unavailable, match="cannot be reached"):
        _put(books, document)
    [made] = _put(books, document)
    assert isinstance(made, Done)
    assert list(org.rows["Invoices"]) == [made.external.id]
    fake.mishaps.plan("lost_answer", path="/Contacts")
    with pytest.raises(Unavailable):
        books.put_customers([NewCustomer(UUID(int=3), "c3", "Fabrikam", "GBP")])
    fake.clock.advance(timedelta(minutes=10))  # Xero remembers keys for six
    [known] = books.put_customers([NewCustomer(UUID(int=3), "c3", "Fabrikam", "GBP")])
    assert isinstance(known, Done)
    assert len(org.rows["Contacts"]) == 2


def test_a_name_or_code_that_is_somebody_elses_is_told(books: XeroBooks, customer: str) -> None:
    [taken] = books.put_customers([NewCustomer(UUID(int=9), "c9", "contoso", "GBP")])
    assert (taken.code, "Map the client to it" in taken.detail) == ("duplicate_number", True)  # type: ignore[union-attr]
    assert _item(books) == "HELP"
    [other] = books.put_items([NewItem(UUID(int=8), "i8", "Another", "HELP", "200")])
    assert other.code == "duplicate_number"  # type: ignore[union-attr]
    [long] = books.put_items([NewItem(UUID(int=7), "i7", "Ünicode 株式会社" * 9, "S" * 31, "200")])
    assert isinstance(long, Done)


def test_what_somebody_changed_over_there_is_not_overwritten(
    books: XeroBooks, fake: XeroFake, org: Organisation, customer: str
) -> None:
    [made] = _put(books, _document(customer))
    changed = _document(customer, lines=(_line(20_000, 4_000),), external=made.external)._replace(request_id="d-2")
    [better] = _put(books, changed)
    assert (better.external.id, better.total) == (made.external.id, 24_000)
    fake.clock.advance(timedelta(minutes=1))
    org.put("Invoices", {"InvoiceID": made.external.id, "Reference": "Mine"}, may_update=True)
    [stale] = _put(books, changed._replace(request_id="d-3", external=better.external))
    assert stale.code == "stale"
    assert org.rows["Invoices"][made.external.id]["Reference"] == "Mine"


def test_payments_come_back_and_go(books: XeroBooks, fake: XeroFake, org: Organisation, customer: str) -> None:
    [made] = _put(books, _document(customer))
    fake.clock.advance(timedelta(minutes=5))
    paid_there = {"Invoice": {"InvoiceNumber": "INV-1"}, "Account": {"Code": "090"}, "Amount": Decimal(50), "Reference": "BACS 1"}
    org.put("Payments", paid_there, may_update=False)
    told = books.changes(NOW + timedelta(minutes=1), ["invoice", "payment"])
    invoice, payment = told.changed
    assert (invoice.balance, payment.total, payment.reference, payment.customer) == (7_000, 5_000, "BACS 1", customer)
    assert payment.shares == (MoneyShare("invoice", made.external.id, 5_000),)
    assert (told.until, told.complete) == (NOW + timedelta(minutes=5), True)
    money = Money(
        uuid4(), "m1", customer, "GBP", 2, 7_000, date(2026, 10, 2), "Card", (MoneyShare("invoice", made.external.id, 7_000),)
    )
    assert books.put_money([money])[0].code == "refused"  # type: ignore[union-attr]
    [paid] = books.put_money([money._replace(account="090")])
    [again] = books.put_money([money._replace(account="090")])
    assert paid == again
    [voided] = books.void([Voiding("invoice", "v1", made.external)])
    assert "payments or credits" in voided.detail  # type: ignore[union-attr]
    for change in (payment.external, paid.external):  # type: ignore[union-attr]
        assert isinstance(books.void([Voiding("payment", f"v-{change.id}", change)])[0], Done)
    assert [isinstance(books.void([Voiding("invoice", key, made.external)])[0], Done) for key in ("v2", "v3")] == [True, True]
    assert [(one.voided, one.total) for one in books.read("invoice", [made.external.id, str(uuid4())])] == [(True, 0)]
    assert [one.deleted for one in books.read("payment", [payment.external.id, str(uuid4())])] == [True]
    assert books.void([Voiding("invoice", "v4", External(str(uuid4())))])[0].code == "gone"  # type: ignore[union-attr]


def test_a_credit_note_is_used_once(books: XeroBooks, customer: str) -> None:
    [made, note] = _put(books, _document(customer), _document(customer, "CN-1", kind="credit_note", lines=(_line(5_000, 1_000),)))
    shares = (MoneyShare("credit_note", note.external.id, 6_000), MoneyShare("invoice", made.external.id, 6_000))
    use = Money(uuid4(), "u1", customer, "GBP", 2, 0, date(2026, 10, 2), "", shares)
    assert [isinstance(books.put_money([use])[0], Done) for _ in range(2)] == [True, True]
    [changed] = books.read("credit_note", [note.external.id])
    assert (changed.balance, changed.shares) == (0, (MoneyShare("invoice", made.external.id, 6_000),))
    assert books.read("invoice", [made.external.id])[0].balance == 6_000


def test_the_use_of_a_credit_note_is_known_and_taken_back(books: XeroBooks, fake: XeroFake, customer: str) -> None:
    [made, note] = _put(books, _document(customer), _document(customer, "CN-1", kind="credit_note", lines=(_line(5_000, 1_000),)))
    shares = (MoneyShare("credit_note", note.external.id, 6_000), MoneyShare("invoice", made.external.id, 6_000))
    use = Money(uuid4(), "u1", customer, "GBP", 2, 0, date(2026, 10, 2), "", shares)
    [used] = books.put_money([use])
    fake.clock.advance(timedelta(minutes=10))
    assert books.put_money([use._replace(sent_before=True)]) == [used]
    assert isinstance(used, Done)
    [seen] = books.read("payment", [used.external.id])
    assert (seen.external, seen.total, sorted(seen.shares)) == (used.external, 0, sorted(shares))
    assert books.void([Voiding("credit_use", "v1", used.external)]) == [Done(used.external)]
    assert books.void([Voiding("credit_use", "v2", used.external)])[0].code == "gone"  # type: ignore[union-attr]
    assert (books.read("payment", [used.external.id]), books.read("credit_note", [note.external.id])[0].balance) == ([], 6_000)


def test_a_payment_that_changed_takes_the_place_of_the_old_one(
    books: XeroBooks, fake: XeroFake, org: Organisation, customer: str
) -> None:
    [made] = _put(books, _document(customer))
    money = Money(uuid4(), "m1", customer, "GBP", 2, 7_000, date(2026, 10, 2), "Card",
                  (MoneyShare("invoice", made.external.id, 7_000),), account="090")  # fmt: skip
    [paid] = books.put_money([money])
    assert isinstance(paid, Done)
    fake.clock.advance(timedelta(minutes=10))  # Xero forgot the key
    assert books.put_money([money._replace(sent_before=True)]) == [paid]
    less = money._replace(request_id="m2", amount=4_000, shares=(MoneyShare("invoice", made.external.id, 4_000),))
    [again] = books.put_money([less._replace(external=paid.external)])
    assert isinstance(again, Done)
    assert again.external.id != paid.external.id
    assert books.put_money([less._replace(request_id="m3", external=again.external)]) == [again]
    assert [(one["Amount"], one["Status"]) for one in org.rows["Payments"].values()] == [(70, "DELETED"), (40, "AUTHORISED")]
    assert books.read("invoice", [made.external.id])[0].balance == 8_000


def test_limits_outages_and_a_lost_organisation(books: XeroBooks, fake: XeroFake, org: Organisation, customer: str) -> None:
    fake.mishaps.plan("unavailable")
    with pytest.raises(Unavailable, match="503"):
        books.company()
    fake.clock.advance(timedelta(minutes=2))
    fake.throttle.a_minute = 1
    told = _put(books, *(_document(customer, f"INV-{number}") for number in range(60)))
    assert [isinstance(one, Done) for one in told] == [True] * 50 + [False] * 10
    assert {(one.code, one.again) for one in told[50:]} == {("unavailable", True)}
    with pytest.raises(Unavailable, match="minute") as refused:
        books.company()
    assert refused.value.extra["retry_after"] <= 61
    fake.throttle.a_minute = 60
    fake.consents.disconnect(org.tenant)
    with pytest.raises(ConsentWithdrawn):
        books.company()
    fake.consents.expire_access()
    with pytest.raises(ConsentWithdrawn):
        _put(books, _document(customer, "INV-77"))


def test_lines_that_somebody_changed_there_are_told(books: XeroBooks, org: Organisation, customer: str) -> None:
    free = _line(1_000, 0, quantity=Decimal(3), unit_price=None, tax_code=None, item=None)
    made, note = _put(books, _document(customer, lines=(_line(), free), accounts={"income": "200"}),
                      _document(customer, "CN-1", kind="credit_note"))  # fmt: skip
    assert [(one.item, one.quantity, one.amount) for one in made.lines] == [("HELP", 2, 10_000), ("200", 1, 1_000)]
    [before], [credited] = books.read("invoice", [made.external.id]), books.read("credit_note", [note.external.id])
    assert (before.lines, credited.lines) == (made.lines, note.lines)
    row = org.find("Invoices", "INV-1")
    assert row is not None
    org.put("Invoices", {**row, "LineItems": [row["LineItems"][0] | {"Quantity": 4, "UnitAmount": 25}, row["LineItems"][1]]},
            may_update=True)  # fmt: skip
    [after] = books.read("invoice", [made.external.id])
    assert (after.total, after.tax) == (before.total, before.tax)
    assert [(one.quantity, one.amount) for one in after.lines] == [(4, 10_000), (1, 1_000)]


def test_money_for_several_invoices_is_a_payment_of_each_and_goes_with_its_batch(
    books: XeroBooks, fake: XeroFake, org: Organisation, customer: str
) -> None:
    made = _put(books, _document(customer, "INV-1"), _document(customer, "INV-2"))
    fake.clock.advance(timedelta(minutes=1))
    parts = [{"Invoice": {"InvoiceID": one.external.id}, "Amount": amount} for one, amount in zip(made, (120, 50), strict=True)]
    batch = org.put("BatchPayments", {"Account": {"Code": "090"}, "Date": "2026-10-02", "Reference": "Statement 7",
                                      "Payments": parts}, may_update=False)  # fmt: skip
    told = books.changes(NOW + timedelta(minutes=1), ["payment"]).changed
    assert [(one.total, one.reference, one.shares[0].id) for one in told] == [
        (12_000, "Statement 7", made[0].external.id), (5_000, "Statement 7", made[1].external.id),
    ]  # fmt: skip
    ids = [one.external.id for one in told]
    assert sorted(one.external.id for one in books.read("payment", ids)) == sorted(ids) and len(set(ids)) == 2
    org.delete_payment(ids[0], "DELETED")  # one of them alone
    assert [one.deleted for one in sorted(books.read("payment", ids), key=lambda one: ids.index(one.external.id))] == [
        True,
        False,
    ]
    org.put("BatchPayments", {"BatchPaymentID": batch["BatchPaymentID"], "Status": "DELETED"}, may_update=True)
    assert all(one.deleted for one in books.read("payment", ids))
    assert [one.balance for one in books.read("invoice", [one.external.id for one in made])] == [12_000, 12_000]
