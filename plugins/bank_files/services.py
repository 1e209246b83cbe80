"""The verbs of bank entries: what is still to be settled, settling it, and taking that back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.directory.clients import get_client, get_clients
from kernel.errors import InvalidInput
from kernel.hookspecs.receipts import NewReceipt, OpenInvoice, OpenInvoiceQuery, ReceiptShare
from kernel.ids import uuid7
from kernel.money import format_minor
from plugins.bank_files.errors import EntryNotFound, EntrySettled, MatchNotFound, MatchUndone
from plugins.bank_files.matching import Suggestion, suggest, tokens
from plugins.bank_files.models import Entry, Match, Payer

if TYPE_CHECKING:
    from kernel.context import CallContext

TO_SETTLE = ("open", "partly")


def get_entry(ctx: CallContext, entry_id: UUID, *, lock: bool = False) -> Entry:
    """One entry. Raises EntryNotFound."""
    wanted = select(Entry).where(Entry.id == entry_id)
    entry = ctx.session.scalar(wanted.with_for_update() if lock else wanted, execution_options={"populate_existing": True})
    if entry is None:
        raise EntryNotFound("There is no bank entry with this id.")
    return entry


def list_matches(ctx: CallContext, entry_id: UUID) -> list[Match]:
    """What of an entry is in the books, and was; the oldest first."""
    return list(ctx.session.scalars(select(Match).where(Match.entry_id == entry_id).order_by(Match.id)))


def suggestions(ctx: CallContext, entries: Sequence[Entry]) -> dict[UUID, list[Suggestion]]:
    """What each entry may pay, in a fixed number of queries and asks for each currency among them."""
    waiting = [one for one in entries if one.state in TO_SETTLE]
    known = _known_payers(ctx, [one.iban for one in waiting if one.iban])
    found: dict[UUID, list[Suggestion]] = {}
    for currency in sorted({one.currency for one in waiting}):
        mine = [one for one in waiting if one.currency == currency]
        invoices = _candidates(ctx, mine, currency)
        names = {row.id: row.name for row in get_clients(ctx, list({one.client_id for one in invoices})).values()}
        found |= {one.id: suggest(one.left, one.text, one.structured, one.name, known.get(one.iban), invoices, names)
                  for one in mine}  # fmt: skip
    return found


def _candidates(ctx: CallContext, entries: Sequence[Entry], currency: str) -> list[OpenInvoice]:
    """The open invoices that are due first, and those that the entries name however many there are."""
    words = {word for one in entries for word in tokens(one.text, one.structured)}
    asked = [OpenInvoiceQuery(currency=currency), OpenInvoiceQuery(currency=currency, numbers=tuple(sorted(words)))]
    answers = [ctx.hooks.find_open_invoices(ctx=ctx, query=query) for query in asked]
    return list({one.id: one for answer in answers for one in answer}.values())


def _known_payers(ctx: CallContext, ibans: Sequence[str]) -> Mapping[str, UUID]:
    rows = ctx.session.execute(select(Payer.iban, Payer.client_id).where(Payer.iban.in_(list(ibans))))
    return dict(rows.all())  # type: ignore[arg-type]


def match_entry(ctx: CallContext, entry_id: UUID, *, client_id: UUID, amount: int | None = None,
                shares: Sequence[ReceiptShare] | None = None) -> Match:  # fmt: skip
    """Put an entry into the books as a payment of a client, or `amount` minor units of it; the rest stays to be settled.

    Without `shares` the invoices due first are paid first. Raises EntryNotFound, EntrySettled, and what `record_receipt` does.
    """
    entry = get_entry(ctx, entry_id, lock=True)
    if entry.state not in TO_SETTLE:
        raise EntrySettled("This entry is settled already. Look at it again.")
    wanted = entry.left if amount is None else amount
    if not 0 < wanted <= entry.left:
        raise InvalidInput(errors={"amount": f"At most {format_minor(entry.left, entry.currency)} of this entry is left."})
    match_id = uuid7()
    receipt = ctx.hooks.record_receipt(ctx=ctx, receipt=NewReceipt(
        client_id, entry.currency, wanted, entry.booked_on, "bank_transfer", (entry.reference or entry.text)[:200],
        f"bank:{match_id}", None if shares is None else tuple(shares)))  # fmt: skip
    match = Match(id=match_id, entry_id=entry.id, client_id=client_id, receipt_id=receipt.id, amount=wanted,
                  matched_by=ctx.actor.name, matched_at=ctx.now())  # fmt: skip
    ctx.session.add(match)
    _settle(ctx, entry, wanted)
    _remember_payer(ctx, entry.iban, client_id)
    audit.record(ctx, "bank_entry.matched", kind="bank_entry", row_id=entry.id, label=entry.name or entry.text[:60],
                 changes={"amount": wanted, "client": get_client(ctx, client_id).name})  # fmt: skip
    return match


def _settle(ctx: CallContext, entry: Entry, amount: int) -> None:
    entry.matched += amount
    entry.state = "matched" if entry.matched == entry.amount else "partly" if entry.matched else "open"
    ctx.session.flush()


def _remember_payer(ctx: CallContext, iban: str, client_id: UUID) -> None:
    if iban:
        row = insert(Payer).values(tenant_id=ctx.tenant_id, id=uuid7(), iban=iban, client_id=client_id)
        ctx.session.execute(row.on_conflict_do_update(index_elements=["tenant_id", "iban"], set_={"client_id": client_id}))


def _forget_payer(ctx: CallContext, iban: str, client_id: UUID) -> None:
    """Suggest a client no longer for an account from which no match of it stands."""
    same = (Entry.tenant_id == Match.tenant_id) & (Entry.id == Match.entry_id)
    standing = (
        select(Match.id).join(Entry, same).where(Entry.iban == iban, Match.client_id == client_id, Match.undone_at.is_(None))
    )
    ctx.session.flush()
    if iban and ctx.session.scalar(standing.limit(1)) is None:
        ctx.session.execute(delete(Payer).where(Payer.iban == iban, Payer.client_id == client_id))


def undo_match(ctx: CallContext, match_id: UUID) -> Match:
    """Take a match out of the books; the entry is to be settled again.

    Raises MatchNotFound, MatchUndone, PaymentRefunded and CreditUsed.
    """
    match = ctx.session.scalar(select(Match).where(Match.id == match_id))
    if match is None:
        raise MatchNotFound("There is no match with this id.")
    entry = get_entry(ctx, match.entry_id, lock=True)
    ctx.session.refresh(match, with_for_update=True)
    if match.undone_at is not None:
        raise MatchUndone("This match was undone before.")
    known = ctx.hooks.get_receipts(ctx=ctx, payment_ids=[match.receipt_id]).get(match.receipt_id)
    if known is None or not known.taken_back:  # somebody may have taken the payment back by itself
        ctx.hooks.take_back_receipt(ctx=ctx, payment_id=match.receipt_id, reason="Bank match undone")
    match.undone_by, match.undone_at = ctx.actor.name, ctx.now()
    _settle(ctx, entry, -match.amount)
    _forget_payer(ctx, entry.iban, match.client_id)
    audit.record(ctx, "bank_entry.match_undone", kind="bank_entry", row_id=entry.id, label=entry.name or entry.text[:60],
                 changes={"amount": match.amount})  # fmt: skip
    return match


def ignore_entry(ctx: CallContext, entry_id: UUID) -> Entry:
    """Set an entry aside: no client paid it. Raises EntryNotFound, and EntrySettled where some of it is in the books."""
    return _put(ctx, entry_id, "open", "ignored")


def reopen_entry(ctx: CallContext, entry_id: UUID) -> Entry:
    """Take up an entry that was set aside. Raises EntryNotFound and EntrySettled."""
    return _put(ctx, entry_id, "ignored", "open")


def _put(ctx: CallContext, entry_id: UUID, before: str, after: str) -> Entry:
    entry = get_entry(ctx, entry_id, lock=True)
    if entry.state != before:
        raise EntrySettled("This entry is in another state by now. Look at it again.")
    entry.state = after
    ctx.session.flush()
    audit.record(ctx, f"bank_entry.{after}", kind="bank_entry", row_id=entry.id, label=entry.name or entry.text[:60])
    return entry
