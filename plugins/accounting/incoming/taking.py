"""Payments that were noted on the other side become receipts of ours: each once, anew when it is edited, back when it goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, or_, select

from kernel.errors import DeskhandError
from kernel.hookspecs.accounting import INVOICE, PAYMENT, Change
from kernel.hookspecs.receipts import NewReceipt, Receipt, ReceiptShare
from plugins.accounting.errors import PaymentOfSeveral
from plugins.accounting.incoming.discrepancies import About, Ledger
from plugins.accounting.incoming.drift import CREDIT_THERE, NOT_TAKEN, NOT_TAKEN_BACK, Difference
from plugins.accounting.incoming.models import Received
from plugins.accounting.links import drop_link, find_theirs, put_link
from plugins.accounting.models import ExportDocument, Outgoing, Target
from plugins.accounting.outgoing import reconsider
from plugins.accounting.watched import UNFORESEEN

if TYPE_CHECKING:
    from kernel.context import CallContext

_KINDS = (CREDIT_THERE, NOT_TAKEN, NOT_TAKEN_BACK)
_MONEY = ("payment", "credit_use")
_GONE = "The payment was deleted or voided in the accounting system, or pays none of our invoices any more."
_CHANGED = "The payment was changed in the accounting system."


class Money(NamedTuple):
    """What of a payment is ours: its client, amount in minor units, and what of it pays which of our invoices. `by_credit` is
    what a credit of the other side pays of them.
    """

    clients: frozenset[UUID]
    currency: str
    amount: int
    on: date | None
    reference: str
    shares: tuple[ReceiptShare, ...]
    by_credit: int = 0

    def kept(self) -> dict[str, Any]:
        """As it is kept, to tell whether it was edited."""
        return {"currency": self.currency, "amount": self.amount, "on": str(self.on), "reference": self.reference,
                "shares": sorted([str(one.invoice_id), one.amount] for one in self.shares)}  # fmt: skip


def clients_of(ctx: CallContext, target_id: UUID, invoice_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Whose the documents are that were delivered."""
    mine = ExportDocument.target_id == target_id, ExportDocument.invoice_id.in_(list(invoice_ids))
    rows = ctx.session.execute(select(ExportDocument.invoice_id, ExportDocument.client_id).where(*mine)) if invoice_ids else ()
    return {row.invoice_id: row.client_id for row in rows}


def find_received(ctx: CallContext, target_id: UUID, external_ids: Collection[str]) -> dict[str, Received]:
    """Payments of theirs that are receipts of ours, by their ids; held until the transaction ends."""
    mine = Received.target_id == target_id, Received.external_id.in_(list(external_ids))
    rows = ctx.session.scalars(select(Received).where(*mine).with_for_update()) if external_ids else ()
    return {one.external_id: one for one in rows}


def take_payments(ctx: CallContext, target: Target, changes: Sequence[Change], ledger: Ledger) -> tuple[bool, list[Change]]:
    """Take in these payments, of which none was delivered by us; those that pay nothing of ours are left alone.

    Gives those that are receipts now. False where one had to be left for the next look.
    """
    known = find_received(ctx, target.id, [one.external.id for one in changes])
    told = [one for one in changes if not (one.deleted or one.voided)]
    ours = _ours(ctx, target.id, told)
    monies = _monies(ctx, target.id, told, ours)
    uncertain = any(one.external.id not in known for one in changes) and _unanswered(ctx, target.id, _MONEY)
    veiled = {one.external.id for one in told if any(share.kind == INVOICE and share.id not in ours for share in one.shares)}
    veiled = veiled if veiled and _unanswered(ctx, target.id, (INVOICE,)) else set()
    taken, certain = [], True
    for change in changes:
        money, row = monies.get(change.external.id), known.get(change.external.id)
        if change.external.id in veiled:  # what it pays may be an invoice of ours
            certain = False
        elif row is None and money is None:
            ledger.weigh(_about(change, None, None), (), _KINDS)
        elif row is None and uncertain:
            certain = False
        else:
            found = _settle(ctx, target, change, money, row)
            ledger.weigh(_about(change, row, money), found, _KINDS)
            taken.append(change)
    return certain, taken


def _about(change: Change, row: Received | None, money: Money | None) -> About:
    client_id = row.client_id if row else next(iter(money.clients), None) if money else None
    label = change.reference or change.number or change.external.name or change.external.id
    return About(PAYMENT, change.external.id, row.payment_id if row else None, client_id, label, change.currency)


def _ours(ctx: CallContext, target_id: UUID, told: Sequence[Change]) -> dict[str, UUID]:
    """Our invoices among those that are paid, by their ids there."""
    paid = {share.id for one in told for share in one.shares if share.kind == INVOICE}
    return {key: link.our_id for key, link in find_theirs(ctx, target_id, INVOICE, paid).items()}


def _monies(ctx: CallContext, target_id: UUID, told: Sequence[Change], ours: Mapping[str, UUID]) -> dict[str, Money]:
    """What of each payment is ours, by their ids."""
    clients = clients_of(ctx, target_id, list(ours.values()))
    return {one.external.id: money for one in told if (money := _money(one, ours, clients)) is not None}


def _money(change: Change, ours: Mapping[str, UUID], clients: Mapping[UUID, UUID]) -> Money | None:
    paid = [one for one in change.shares if one.kind == INVOICE and one.id in ours]
    if not paid:
        return None
    elsewhere = sum(one.amount for one in change.shares if one.kind == INVOICE and one.id not in ours)
    by_credit = sum(one.amount for one in change.shares if one.kind != INVOICE)
    amount, shares = max(0, change.total - elsewhere), []
    left = amount
    for one in paid:
        share = min(left, one.amount)
        if share:
            shares.append(ReceiptShare(ours[one.id], share))
        left -= share
    whose = frozenset(clients[ours[one.id]] for one in paid if ours[one.id] in clients)
    return Money(whose, change.currency, amount, change.on, change.reference, tuple(shares), by_credit)


def _unanswered(ctx: CallContext, target_id: UUID, kinds: Sequence[str]) -> bool:
    """Whether something went out of which nobody knows whether it arrived: what looks like theirs may be ours."""
    tried = and_(Outgoing.state == "waiting", Outgoing.attempts > 0, Outgoing.code != "waits_for_document")
    unclear = and_(Outgoing.state == "failed", Outgoing.code == UNFORESEEN)
    silent = or_(Outgoing.state == "sending", tried, unclear)
    mine = Outgoing.target_id == target_id, Outgoing.kind.in_(kinds), silent
    return ctx.session.scalar(select(Outgoing.id).where(*mine).limit(1)) is not None


def _settle(ctx: CallContext, target: Target, change: Change, money: Money | None, row: Received | None) -> list[Difference]:
    """Bring our receipt to what the payment is now; gives what a person has to see."""
    found = []
    if money is not None and money.by_credit:
        found.append(Difference(CREDIT_THERE, "", str(money.by_credit)))
    wanted = money if money is not None and money.amount else None
    live = row is not None and row.state == "recorded"
    if wanted is None and not live:
        return found
    if wanted is not None and live and row is not None and row.taken == wanted.kept():
        return found
    try:
        with ctx.session.begin_nested():
            _replace(ctx, target, change, wanted, row)
    except DeskhandError as error:
        if error.status >= 500:
            raise
        kind = NOT_TAKEN if wanted else NOT_TAKEN_BACK
        words = " ".join(error.errors.values()) or error.detail
        found.append(Difference(kind, words, str(wanted.amount if wanted else 0)))
    return found


def _replace(ctx: CallContext, target: Target, change: Change, money: Money | None, row: Received | None) -> None:
    if row is not None and row.state == "recorded":
        _take_back(ctx, target.id, row, _CHANGED if money else _GONE)
    if money is not None:
        _record(ctx, target, change, money, row)


def _take_back(ctx: CallContext, target_id: UUID, row: Received, reason: str) -> None:
    receipts: Mapping[UUID, Receipt] = ctx.hooks.get_receipts(ctx=ctx, payment_ids=[row.payment_id])
    if row.payment_id in receipts and not receipts[row.payment_id].taken_back:
        ctx.hooks.take_back_receipt(ctx=ctx, payment_id=row.payment_id, reason=reason)
    drop_link(ctx, target_id, PAYMENT, row.payment_id)
    reconsider(ctx, target_id, PAYMENT, row.payment_id)
    row.state = "taken_back"


def _record(ctx: CallContext, target: Target, change: Change, money: Money, row: Received | None) -> None:
    """The key and the constraints of both tables see to it that each round of a payment is one receipt."""
    if len(money.clients) != 1:
        raise PaymentOfSeveral
    [client_id] = money.clients
    turn = row.round + 1 if row else 1
    receipt = ctx.hooks.record_receipt(ctx=ctx, receipt=NewReceipt(
        client_id, money.currency, money.amount, money.on or ctx.today(), "other", money.reference,
        f"accounting:{target.id}:{change.external.id}:{turn}", money.shares,
    ))  # fmt: skip
    if row is None:
        row = Received(target_id=target.id, external_id=change.external.id)
        ctx.session.add(row)
    row.round, row.payment_id, row.client_id, row.state = turn, receipt.id, client_id, "recorded"
    row.currency, row.amount, row.received_on, row.taken = money.currency, money.amount, receipt.received_on, money.kept()
    ctx.session.flush()
    put_link(ctx, target.id, PAYMENT, receipt.id, change.external, number=money.reference, currency=money.currency,
             total=money.amount)  # fmt: skip
