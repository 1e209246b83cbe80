"""What is read from Xero's books."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kernel.hookspecs.accounting import CREDIT_NOTE, CUSTOMER, INVOICE, ITEM, PAYMENT, Change, Choice, Theirs
from plugins.xero.calls import SECONDS, NotThere, asking
from plugins.xero.shapes import (
    allocation_change,
    contact_theirs,
    credit_note_change,
    external,
    invoice_change,
    item_theirs,
    payment_change,
)

if TYPE_CHECKING:
    from xero_python.accounting import AccountingApi

PAGE = 100
AT_ONCE = 25
_SALES = frozenset({"REVENUE", "SALES", "OTHERINCOME"})


def choices(api: AccountingApi, tenant: str, kind: str) -> list[Choice]:
    """All of theirs that a kind may be mapped to."""
    if kind in ("item", "category"):
        rows = api.get_items(tenant, _request_timeout=SECONDS).items or []
        return [Choice(str(one.code), str(one.name or one.code), str(one.code)) for one in rows]
    if kind == CUSTOMER:
        found = _pages(lambda page: api.get_contacts(tenant, page=page, page_size=PAGE, _request_timeout=SECONDS).contacts)
        return [Choice(str(one.contact_id), str(one.name), str(one.email_address or ""), str(one.contact_status) != "ARCHIVED")
                for one in found]  # fmt: skip
    if kind == "tax":
        rates = api.get_tax_rates(tenant, _request_timeout=SECONDS).tax_rates or []
        return [Choice(str(one.tax_type), str(one.name), _rate(one), str(one.status) == "ACTIVE") for one in rates]
    if kind == "account":
        rows = api.get_accounts(tenant, _request_timeout=SECONDS).accounts or []
        return [Choice(str(one.code), str(one.name), str(getattr(one.type, "value", one.type)), str(one.status) == "ACTIVE")
                for one in rows if one.code and _is_of_use(one)]  # fmt: skip
    return []


def theirs(api: AccountingApi, tenant: str, kind: str, home: str) -> list[Theirs]:
    """All customers or items in use, with what it takes to make ours of them; contacts that are suppliers only are left out."""
    if kind == ITEM:
        rows = api.get_items(tenant, _request_timeout=SECONDS).items or []
        return [item_theirs(one, home) for one in rows if one.is_sold is not False]
    found = _pages(lambda page: api.get_contacts(tenant, page=page, page_size=PAGE, _request_timeout=SECONDS).contacts)
    return [contact_theirs(one, home) for one in found
            if str(one.contact_status) == "ACTIVE" and (one.is_customer or not one.is_supplier)]  # fmt: skip


def _is_of_use(account: Any) -> bool:
    """Accounts of sales, and those that take payments."""
    kind = str(getattr(account.type, "value", account.type))
    return kind in _SALES or kind == "BANK" or bool(account.enable_payments_to_account)


def _rate(rate: Any) -> str:
    """The rate in percent, and its components where there are several."""
    parts = rate.tax_components or []
    words = f"{(rate.effective_rate or 0):f} %"
    return words if len(parts) < 2 else f"{words} = " + " + ".join(f"{one.name} {one.rate:f} %" for one in parts)


def changed(api: AccountingApi, tenant: str, kind: str, since: datetime) -> Iterator[Change]:
    """What changed of a kind since an instant, that instant included."""
    read = _LISTS.get(kind)
    if read is not None:
        yield from read(api, tenant, {"if_modified_since": since})


def read(api: AccountingApi, tenant: str, kind: str, ids: Sequence[str]) -> list[Change]:
    """Things of these ids; those that are not there are left out."""
    if kind == INVOICE and ids:
        found: list[Change] = []
        for start in range(0, len(ids), PAGE):
            found += _invoices(api, tenant, {"i_ds": list(ids[start : start + PAGE])})
        return found
    if kind == CREDIT_NOTE:
        return [credit_note_change(one) for one in _notes(api, tenant, ids)]
    if kind == PAYMENT:
        return _payments_and_uses(api, tenant, ids)
    ones = {CUSTOMER: _contact, ITEM: _item}
    return [change for one in ids if (change := _there(lambda one=one: ones[kind](api, tenant, one)))]  # type: ignore[misc]


def _notes(api: AccountingApi, tenant: str, ids: Sequence[str]) -> list[Any]:
    asked = {"page_size": PAGE, "_request_timeout": SECONDS}
    return [one for where in _named("CreditNoteID", ids)
            for one in api.get_credit_notes(tenant, where=where, page=1, **asked).credit_notes or []]  # fmt: skip


def _payments_and_uses(api: AccountingApi, tenant: str, ids: Sequence[str]) -> list[Change]:
    """Payments, and uses of credit notes, which stand with their credit notes."""
    uses = [one.split("/", 1) for one in ids if "/" in one]
    found = [change for where in _named("PaymentID", [one for one in ids if "/" not in one])
             for change in _payments(api, tenant, {"where": where})]  # fmt: skip
    notes = {str(one.credit_note_id): one for one in _notes(api, tenant, sorted({note for note, _ in uses}))}
    used = (allocation_change(notes[note], row_id) for note, row_id in uses if note in notes)
    return found + [one for one in used if one is not None]


def _named(name: str, ids: Sequence[str]) -> Iterator[str]:
    """Conditions that name some ids each; these lists cannot be asked for by ids otherwise."""
    for start in range(0, len(ids), AT_ONCE):
        yield " OR ".join(f'{name}==guid("{one}")' for one in ids[start : start + AT_ONCE])


def find(api: AccountingApi, tenant: str, kind: str, numbers: Sequence[str]) -> list[Change]:
    """Documents of these numbers that count."""
    if kind == INVOICE and numbers:
        found: list[Change] = []
        for start in range(0, len(numbers), PAGE):
            found += _invoices(api, tenant, {"invoice_numbers": list(numbers[start : start + PAGE])})
    else:
        found = [change for one in numbers if (change := _there(lambda one=one: _credit_note(api, tenant, one)))]  # type: ignore[misc]
    return [one for one in found if not one.voided]


def _there(ask: Callable[[], Change | None]) -> Change | None:
    try:
        with asking():
            return ask()
    except NotThere:
        return None


def _pages(ask: Callable[[int], Sequence[Any] | None]) -> Iterator[Any]:
    page, rows = 1, list(ask(1) or [])
    yield from rows
    while len(rows) == PAGE:
        page += 1
        rows = list(ask(page) or [])
        yield from rows


def _invoices(api: AccountingApi, tenant: str, wanted: dict[str, Any]) -> Iterator[Change]:
    asked = {"page_size": PAGE, "_request_timeout": SECONDS, **wanted}
    rows = _pages(lambda page: api.get_invoices(tenant, page=page, **asked).invoices)
    yield from (invoice_change(one) for one in rows if str(one.type) == "ACCREC")


def _credit_notes(api: AccountingApi, tenant: str, wanted: dict[str, Any]) -> Iterator[Change]:
    asked = {"page_size": PAGE, "_request_timeout": SECONDS, **wanted}
    rows = _pages(lambda page: api.get_credit_notes(tenant, page=page, **asked).credit_notes)
    yield from (credit_note_change(one) for one in rows if str(one.type) == "ACCRECCREDIT")


def _payments(api: AccountingApi, tenant: str, wanted: dict[str, Any]) -> Iterator[Change]:
    asked = {"page_size": PAGE, "_request_timeout": SECONDS, **wanted}
    rows = _pages(lambda page: api.get_payments(tenant, page=page, **asked).payments)
    yield from (payment_change(one) for one in rows if str(one.payment_type) == "ACCRECPAYMENT")


def _contacts(api: AccountingApi, tenant: str, wanted: dict[str, Any]) -> Iterator[Change]:
    asked = {"page_size": PAGE, "_request_timeout": SECONDS, "include_archived": True, **wanted}
    rows = _pages(lambda page: api.get_contacts(tenant, page=page, **asked).contacts)
    yield from (_contact_change(one) for one in rows)


def _items(api: AccountingApi, tenant: str, wanted: dict[str, Any]) -> Iterator[Change]:
    rows = api.get_items(tenant, _request_timeout=SECONDS, **wanted).items or []
    yield from (_item_change(one) for one in rows)


def _credit_note(api: AccountingApi, tenant: str, row_id: str) -> Change:
    return credit_note_change(api.get_credit_note(tenant, row_id, _request_timeout=SECONDS).credit_notes[0])


def _contact(api: AccountingApi, tenant: str, row_id: str) -> Change:
    return _contact_change(api.get_contact(tenant, row_id, _request_timeout=SECONDS).contacts[0])


def _item(api: AccountingApi, tenant: str, row_id: str) -> Change:
    return _item_change(api.get_item(tenant, row_id, _request_timeout=SECONDS).items[0])


def _contact_change(row: Any) -> Change:
    return Change(CUSTOMER, external(row.contact_id, row.updated_date_utc, str(row.name)), row.updated_date_utc,
                  deleted=str(row.contact_status) in ("ARCHIVED", "GDPRREQUEST"))  # fmt: skip


def _item_change(row: Any) -> Change:
    return Change(ITEM, external(row.code, row.updated_date_utc, str(row.name)), row.updated_date_utc)


_LISTS: dict[str, Callable[..., Iterator[Change]]] = {
    INVOICE: _invoices, CREDIT_NOTE: _credit_notes, PAYMENT: _payments, CUSTOMER: _contacts, ITEM: _items,
}  # fmt: skip
