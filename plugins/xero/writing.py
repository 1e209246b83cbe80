"""What is written into Xero's books. Each call tells the outcomes in the order of what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kernel.hookspecs.accounting import (
    CREDIT_NOTE,
    INVOICE,
    Document,
    Done,
    External,
    Failed,
    Money,
    MoneyShare,
    NewCustomer,
    NewItem,
    Voiding,
)  # fmt: skip
from kernel.hookspecs.papers import PaperPlace
from plugins.xero.calls import SECONDS, failed, told_mistakes
from plugins.xero.shapes import allocation_id, external, line_items, major, minor, stamp

if TYPE_CHECKING:
    from xero_python.accounting import AccountingApi

MOST_NAME, MOST_CODE = 255, 30
CREDIT_USE = "credit_use"
Outcome = Done | Failed


def create_contacts(api: AccountingApi, tenant: str, customers: Sequence[NewCustomer], key: str) -> list[Outcome]:
    """Contacts that carry our id as their number, by which one that is there already is known for ours."""
    from xero_python.accounting.models import Contact, Contacts

    rows = [
        Contact(name=one.name[:MOST_NAME], contact_number=str(one.id), email_address=one.email, tax_number=one.tax_id,
                addresses=_addresses(one.address), is_customer=True)
        for one in customers
    ]  # fmt: skip
    told = api.create_contacts(
        tenant, Contacts(contacts=rows), summarize_errors=False, idempotency_key=key, _request_timeout=SECONDS
    )
    return [_contact_outcome(api, tenant, one, row) for one, row in zip(customers, told.contacts, strict=True)]


def _addresses(place: PaperPlace) -> list[Any] | None:
    from xero_python.accounting.models import Address

    if not any(place):
        return None
    parts = (("address_line1", place.street), ("address_line2", place.addition), ("city", place.city),
             ("region", place.subdivision), ("postal_code", place.postal_code), ("country", place.country))  # fmt: skip
    return [Address(address_type="POBOX", **{name: value for name, value in parts if value})]


def _contact_outcome(api: AccountingApi, tenant: str, asked: NewCustomer, row: Any) -> Outcome:
    mistakes = told_mistakes(row)
    if not mistakes:
        return Done(external(row.contact_id, row.updated_date_utc, str(row.name)))
    wrong = failed(mistakes)
    if wrong.code == "duplicate_number":
        ours = api.get_contacts(tenant, where=f'ContactNumber=="{asked.id}"', _request_timeout=SECONDS).contacts or []
        if ours:
            return Done(external(ours[0].contact_id, ours[0].updated_date_utc, str(ours[0].name)))
        return Failed(wrong.code, f"{mistakes} Map the client to it.")
    return wrong


def create_items(api: AccountingApi, tenant: str, items: Sequence[NewItem], key: str) -> list[Outcome]:
    """Items that are sold; their code is our SKU, or the end of our id."""
    from xero_python.accounting.models import Item, Items, Purchase

    rows = []
    for one in items:
        sales = {"sales_details": Purchase(account_code=one.account)} if one.account else {}
        rows.append(Item(code=_code(one), name=one.name[:50], description=one.name[:4000], is_sold=True, **sales))
    told = api.create_items(tenant, Items(items=rows), summarize_errors=False, idempotency_key=key, _request_timeout=SECONDS)
    return [_item_outcome(api, tenant, one, row) for one, row in zip(items, told.items, strict=True)]


def _item_outcome(api: AccountingApi, tenant: str, asked: NewItem, row: Any) -> Outcome:
    mistakes = "; ".join(str(one.message) for one in row.validation_errors or [])
    if not mistakes:
        return Done(external(row.code, row.updated_date_utc, str(row.name)))
    wrong = failed(mistakes)
    if wrong.code == "duplicate_number":
        there = api.get_item(tenant, _code(asked), _request_timeout=SECONDS).items[0]
        if there.name == asked.name[:50]:
            return Done(external(there.code, there.updated_date_utc, str(there.name)))
        return Failed(wrong.code, f"{mistakes} Map ours to it, or give it another SKU.")
    return wrong


def _code(item: NewItem) -> str:
    return (item.sku or item.id.hex)[-MOST_CODE:] if not item.sku or len(item.sku) > MOST_CODE else item.sku


def put_documents(api: AccountingApi, tenant: str, kind: str, documents: Sequence[Document], key: str, *,
                  update: bool) -> list[Any]:  # fmt: skip
    """Write documents that count at once; returns Xero's objects, each with its mistakes."""
    from xero_python.accounting.models import CreditNote, CreditNotes, Invoice, Invoices

    sent = {"summarize_errors": False, "unitdp": 4, "idempotency_key": key, "_request_timeout": SECONDS}
    if kind == INVOICE:
        invoices = Invoices(invoices=[Invoice(
            type="ACCREC", invoice_number=one.number, invoice_id=_id_of(one), due_date=one.due_on,
            reference=(one.po_number or "")[:255] or None, **_head(one),
        ) for one in documents])  # fmt: skip
        write = api.update_or_create_invoices if update else api.create_invoices
        return list(write(tenant, invoices, **sent).invoices)
    notes = CreditNotes(credit_notes=[CreditNote(
        type="ACCRECCREDIT", credit_note_number=one.number, credit_note_id=_id_of(one),
        reference=(one.corrects or one.po_number or "")[:255] or None, **_head(one),
    ) for one in documents])  # fmt: skip
    write = api.update_or_create_credit_notes if update else api.create_credit_notes
    return list(write(tenant, notes, **sent).credit_notes)


def _head(document: Document) -> dict[str, Any]:
    from xero_python.accounting.models import Contact, CurrencyCode, LineAmountTypes

    return {
        "contact": Contact(contact_id=document.customer), "date": document.issued_on, "status": "AUTHORISED",
        "line_amount_types": LineAmountTypes.EXCLUSIVE, "currency_code": CurrencyCode(document.currency),
        "line_items": line_items(document),
    }  # fmt: skip


def _id_of(document: Document) -> str | None:
    return document.external.id if document.external else None


def pay(api: AccountingApi, tenant: str, money: Money, share: MoneyShare) -> Outcome:
    """Note a payment of one invoice that may be there already, or was noted otherwise. Xero's payments never change: one that was
    is deleted first.
    """
    row = _payment(money, share)
    if money.external is not None and (same := _replaced(api, tenant, money, money.external, row)):
        return same
    if money.sent_before and (there := _payment_there(api, tenant, money, row)):
        return there
    return pay_each(api, tenant, [(money, share)], money.request_id)[0]


def pay_each(api: AccountingApi, tenant: str, paid: Sequence[tuple[Money, MoneyShare]], key: str) -> list[Outcome]:
    """Note new payments of one invoice each, all in one request."""
    from xero_python.accounting.models import Payments

    rows = Payments(payments=[_payment(money, share) for money, share in paid])
    made = api.create_payments(tenant, rows, summarize_errors=False, idempotency_key=key, _request_timeout=SECONDS)
    return [_paid(money, row) for (money, _), row in zip(paid, made.payments, strict=True)]


def _paid(money: Money, row: Any) -> Outcome:
    if mistakes := told_mistakes(row):
        return failed(mistakes)
    return Done(External(str(row.payment_id), stamp(row.updated_date_utc)), money.amount)


def _payment(money: Money, share: MoneyShare) -> Any:
    from xero_python.accounting.models import Account, Invoice, Payment

    return Payment(invoice=Invoice(invoice_id=share.id), account=Account(code=money.account), date=money.received_on,
                   amount=major(money.amount, money.exponent), reference=money.reference[:255])  # fmt: skip


def _replaced(api: AccountingApi, tenant: str, money: Money, known: External, row: Any) -> Done | None:
    """The payment as it was noted, if it says the same; another one is taken out of the way."""
    from xero_python.accounting.models import PaymentDelete

    old = api.get_payment(tenant, known.id, _request_timeout=SECONDS).payments[0]
    if str(old.status) == "DELETED":
        return None
    if _alike(old, row, money.exponent) and str(old.invoice.invoice_id) == row.invoice.invoice_id:
        return Done(External(known.id, stamp(old.updated_date_utc)), money.amount)
    api.delete_payment(tenant, known.id, PaymentDelete(status="DELETED"), _request_timeout=SECONDS)
    return None


def _payment_there(api: AccountingApi, tenant: str, money: Money, row: Any) -> Done | None:
    """A payment that was sent and never answered, if it arrived: Xero forgets the keys of requests after some minutes."""
    where = f'Invoice.InvoiceID==guid("{row.invoice.invoice_id}") AND Status=="AUTHORISED"'
    there = api.get_payments(tenant, where=where, _request_timeout=SECONDS).payments or []
    hits = [one for one in there if _alike(one, row, money.exponent)]
    return Done(External(str(hits[-1].payment_id), stamp(hits[-1].updated_date_utc)), money.amount) if hits else None


def _alike(there: Any, row: Any, places: int) -> bool:
    same_day = there.date == row.date
    return same_day and minor(there.amount, places) == minor(row.amount, places) and (there.reference or "") == row.reference


def allocate(api: AccountingApi, tenant: str, money: Money, note: MoneyShare, invoice: MoneyShare) -> Outcome:
    """Use a credit note for an invoice; Xero keeps that with the credit note."""
    from xero_python.accounting.models import Allocation, Allocations, Invoice

    if money.external is not None or money.sent_before:
        there = api.get_credit_note(tenant, note.id, _request_timeout=SECONDS).credit_notes[0].allocations or []
        for one in there:
            same = str(one.invoice.invoice_id) == invoice.id and minor(one.amount, money.exponent) == invoice.amount
            if same and not one.is_deleted:
                return Done(External(allocation_id(note.id, one.allocation_id)), 0)
    rows = [Allocation(invoice=Invoice(invoice_id=invoice.id), amount=major(invoice.amount, money.exponent),
                       date=money.received_on)]  # fmt: skip
    made = api.create_credit_note_allocation(tenant, note.id, Allocations(allocations=rows), idempotency_key=money.request_id,
                                             _request_timeout=SECONDS)  # fmt: skip
    return Done(External(allocation_id(note.id, made.allocations[0].allocation_id)), 0)


def end(api: AccountingApi, tenant: str, voiding: Voiding, key: str) -> None:
    """Let a document, payment or the use of a credit note count no more."""
    from xero_python.accounting.models import CreditNote, CreditNotes, Invoice, Invoices, PaymentDelete

    row_id, sent = voiding.external.id, {"idempotency_key": key, "_request_timeout": SECONDS}
    if voiding.kind == INVOICE:
        api.update_invoice(tenant, row_id, Invoices(invoices=[Invoice(invoice_id=row_id, status="VOIDED")]), **sent)
    elif voiding.kind == CREDIT_NOTE:
        rows = CreditNotes(credit_notes=[CreditNote(credit_note_id=row_id, status="VOIDED")])
        api.update_credit_note(tenant, row_id, rows, **sent)
    elif voiding.kind == CREDIT_USE:
        note, _, allocation = row_id.partition("/")
        api.delete_credit_note_allocations(tenant, note, allocation, _preload_content=False, _request_timeout=SECONDS)
    else:
        api.delete_payment(tenant, row_id, PaymentDelete(status="DELETED"), **sent)
