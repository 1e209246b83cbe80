"""Terms of payment: the tenant's, those of a client, and what they make of an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.db import among
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from plugins.billing.models import Invoice, Payer, Terms
from plugins.billing.receivables.days import due_day
from plugins.billing.receivables.errors import TermsInUse, TermsNotFound

if TYPE_CHECKING:
    from kernel.context import CallContext

_USUAL = (
    ("due_on_receipt", "Due on receipt", "invoice_date", 0, None, None, False),
    ("net_7", "Net 7 days", "invoice_date", 7, None, None, False),
    ("net_14", "Net 14 days", "invoice_date", 14, None, None, True),
    ("net_30", "Net 30 days", "invoice_date", 30, None, None, False),
    ("eom_30", "End of month plus 30 days", "month_end", 30, None, None, False),
    ("2_10_net_30", "2 % within 10 days, net 30", "invoice_date", 30, Decimal(2), 10, False),
)
"""What a tenant starts with: code, name, counted from, days, percent off for who pays within so many days, default."""


class Agreed(NamedTuple):
    """When an invoice is due; `early_percent` may be kept back by who pays by `early_until`. Without `terms_id` the day was
    set by hand.
    """

    due_date: date
    terms_id: UUID | None = None
    early_percent: Decimal | None = None
    early_until: date | None = None


class UsualTerms(NamedTuple):
    """Terms as an invoice is reckoned by them."""

    id: UUID
    counted_from: str
    days: int
    early_percent: Decimal | None
    early_days: int | None


def lay_out_terms(ctx: CallContext) -> None:
    """Give the tenant the terms that it starts with, where it has none yet."""
    rows = [
        {"tenant_id": ctx.tenant_id, "id": uuid7(), "code": code, "name": name, "counted_from": counted_from, "days": days,
         "early_percent": percent, "early_days": early_days, "is_default": is_default}
        for code, name, counted_from, days, percent, early_days, is_default in _USUAL
    ]  # fmt: skip
    ctx.session.execute(insert(Terms).values(rows).on_conflict_do_nothing())


def list_terms(ctx: CallContext) -> list[Terms]:
    """All terms, the default first, then by days."""
    return list(ctx.session.scalars(select(Terms).order_by(Terms.is_default.desc(), Terms.days, Terms.code)))


def get_terms(ctx: CallContext, terms_id: UUID) -> Terms:
    """One set of terms. Raises TermsNotFound."""
    found = ctx.session.scalar(select(Terms).where(Terms.id == terms_id))
    if found is None:
        raise TermsNotFound("There are no terms of payment with this id.")
    return found


def add_terms(ctx: CallContext, *, code: str, name: str, days: int, counted_from: str = "invoice_date",
              early_percent: Decimal | None = None, early_days: int | None = None) -> Terms:  # fmt: skip
    """Add terms. Raises InvalidInput by field."""
    _check_code(ctx, code)
    _check_early(early_percent, early_days, counted_from, days)
    added = Terms(code=code, name=name, days=days, counted_from=counted_from, early_percent=early_percent,
                  early_days=early_days, is_default=False)  # fmt: skip
    ctx.session.add(added)
    ctx.session.flush()
    audit.record(ctx, "payment_terms.added", kind="payment_terms", row_id=added.id, label=name)
    return added


def change_terms(ctx: CallContext, terms_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Terms:
    """Change terms; invoices that were written by them stay as they are. Raises InvalidInput by field, PreconditionFailed."""
    terms = get_terms(ctx, terms_id)
    if changes.get("code", terms.code) != terms.code:
        _check_code(ctx, changes["code"])
    wanted = {name: changes.get(name, getattr(terms, name)) for name in ("early_percent", "early_days", "counted_from", "days")}
    _check_early(**wanted)
    apply_changes(ctx, terms, changes, version, kind="payment_terms", label=terms.name)
    return terms


def _check_code(ctx: CallContext, code: str) -> None:
    if ctx.session.scalar(select(exists().where(Terms.code == code))):
        raise InvalidInput(errors={"code": f"There are terms called {code} already."})


def _check_early(early_percent: Decimal | None, early_days: int | None, counted_from: str, days: int) -> None:
    if (early_percent is None) != (early_days is None):
        missing = "early_days" if early_days is None else "early_percent"
        raise InvalidInput(errors={missing: "A discount for early payment needs a percentage and a number of days."})
    if early_percent is not None and not (0 < early_percent < 100 and early_percent == round(early_percent, 6)):
        raise InvalidInput(errors={"early_percent": "Above 0 and below 100, with at most six decimals."})
    if early_days is not None and counted_from == "invoice_date" and early_days > days:
        raise InvalidInput(errors={"early_days": "Early is not after the due date."})


def make_default(ctx: CallContext, terms_id: UUID) -> Terms:
    """Make these the terms of every client that has none of its own."""
    terms = get_terms(ctx, terms_id)
    ctx.session.execute(update(Terms).where(Terms.is_default, Terms.id != terms_id).values(is_default=False))
    apply_changes(ctx, terms, {"is_default": True}, None, kind="payment_terms", label=terms.name)
    return terms


def delete_terms(ctx: CallContext, terms_id: UUID) -> None:
    """Remove terms that nobody has. Raises TermsInUse."""
    terms = get_terms(ctx, terms_id)
    if terms.is_default:
        raise TermsInUse(f"{terms.name} is the default. Make others the default first.")
    if ctx.session.scalar(select(exists().where(Payer.terms_id == terms_id))):
        raise TermsInUse(f"Clients have {terms.name}. Give them other terms first.")
    if ctx.session.scalar(select(exists().where(Invoice.terms_id == terms_id))):
        raise TermsInUse(f"Invoices were written by {terms.name}, so it stays.")
    audit.record(ctx, "payment_terms.deleted", kind="payment_terms", row_id=terms_id, label=terms.name)
    ctx.session.delete(terms)
    ctx.session.flush()


def terms_of(ctx: CallContext, client_ids: Sequence[UUID]) -> dict[UUID, Terms]:
    """The terms of each client, its own or the default, in one query."""
    mine = (Payer.tenant_id == Terms.tenant_id) & (Payer.terms_id == Terms.id) & among(Payer.client_id, client_ids)
    wanted = select(Payer.client_id, Terms).select_from(Terms).outerjoin(Payer, mine)
    rows = ctx.session.execute(wanted.where(Terms.is_default | Payer.client_id.is_not(None))).all()
    usual = next((terms for _, terms in rows if terms.is_default), None)
    if usual is None:
        raise TermsNotFound("There are no default terms of payment. Make some the default.", mend_url="/payment-terms")
    own = {row[0]: row[1] for row in rows}
    return {one: own.get(one, usual) for one in client_ids}


def agreed_on(terms: Terms | UsualTerms, invoice_date: date) -> Agreed:
    """What terms make of an invoice of a day."""
    due = due_day(invoice_date, terms.counted_from, terms.days)
    until = None if terms.early_days is None else min(invoice_date + timedelta(days=terms.early_days), due)
    return Agreed(due, terms.id, terms.early_percent, until)


def agree_many(ctx: CallContext, client_ids: Sequence[UUID], invoice_date: date) -> dict[UUID, Agreed]:
    """What the terms of each client make of an invoice of a day."""
    found = terms_of(ctx, client_ids)
    agreed = {id(terms): agreed_on(terms, invoice_date) for terms in {id(one): one for one in found.values()}.values()}
    return {one: agreed[id(terms)] for one, terms in found.items()}


def agree(ctx: CallContext, client_id: UUID, invoice_date: date, terms_id: UUID | None = None, due_date: date | None = None,
          usual: UsualTerms | None = None) -> Agreed:  # fmt: skip
    """What is agreed for one invoice: by the terms named, else the client's (`usual`, where they are known). A due date that is
    set by hand stands for itself, unless terms are named as well. Raises InvalidInput at `terms_id`.
    """
    if due_date is not None and terms_id is None:
        return Agreed(due_date)
    terms = _named(ctx, terms_id) if terms_id else usual or terms_of(ctx, [client_id])[client_id]
    agreed = agreed_on(terms, invoice_date)
    if due_date is None:
        return agreed
    until = None if agreed.early_until is None else min(agreed.early_until, due_date)
    return Agreed(due_date, agreed.terms_id, agreed.early_percent, until)


def _named(ctx: CallContext, terms_id: UUID) -> Terms:
    try:
        return get_terms(ctx, terms_id)
    except TermsNotFound as error:
        raise InvalidInput(errors={"terms_id": error.detail}) from error


def agree_again(ctx: CallContext, invoice: Invoice, changes: Mapping[str, Any]) -> Agreed:
    """What is agreed for a draft after a change: other terms or another date reckon anew, a due date by hand stands."""
    day = changes.get("invoice_date") or invoice.invoice_date
    typed = changes.get("due_date") if changes.get("due_date") != invoice.due_date else None
    terms_id = changes.get("terms_id", invoice.terms_id)
    if terms_id != invoice.terms_id:
        return agree(ctx, invoice.client_id, day, terms_id, typed)
    if typed is not None:
        return Agreed(typed)
    if terms_id is not None and day != invoice.invoice_date:
        return agree(ctx, invoice.client_id, day, terms_id)
    return Agreed(invoice.due_date, terms_id, invoice.early_percent, invoice.early_until)
