"""Whether credits, what they paid, and the ledger agree. The check finds differences and changes nothing; a person decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from kernel import audit, events
from kernel.api.listing import Page, paginate
from kernel.directory.models import Client
from kernel.errors import PreconditionFailed
from kernel.ids import uuid7
from plugins.billing.credits.moving import lock_credits
from plugins.billing.errors import FindingClosed, FindingNeedsAPerson, FindingNotFound
from plugins.billing.ledger import Booking, post_entries
from plugins.billing.models import CreditFinding, CreditMovement
from plugins.billing.said import check_reason

if TYPE_CHECKING:
    from kernel.context import CallContext

BOOKABLE = ("ledger", "remaining")
"""Kinds of findings that a booking sets right."""
_CHECKS = (
    # What a client is owed by the ledger is what its credits have left.
    """
    select 'ledger' as kind, client_id as subject_id, client_id, null::uuid as credit_id, null::uuid as invoice_id, currency,
      sum(booked)::bigint as expected, sum(remaining)::bigint as actual
    from (
      select e.client_id, e.currency, -p.amount as booked, 0::bigint as remaining from billing_postings p
      join billing_ledger_entries e on e.tenant_id = p.tenant_id and e.id = p.entry_id where p.account = 'credit'
      union all
      select client_id, currency, 0, remaining from billing_credits
    ) x group by client_id, currency having sum(booked) <> sum(remaining)
    """,
    # What is left of a credit is what its movements come to.
    """
    select 'remaining' as kind, c.id as subject_id, c.client_id, c.id as credit_id, null::uuid as invoice_id, c.currency,
      coalesce(sum(m.amount), 0)::bigint as expected, c.remaining as actual
    from billing_credits c
    left join billing_credit_movements m on m.tenant_id = c.tenant_id and m.credit_id = c.id
    group by c.tenant_id, c.id having coalesce(sum(m.amount), 0) <> c.remaining
    """,
    # What a credit's movements say that it paid is what its live applications come to.
    """
    select 'applied' as kind, c.id as subject_id, c.client_id, c.id as credit_id, null::uuid as invoice_id, c.currency,
      coalesce(m.amount, 0)::bigint as expected, coalesce(a.amount, 0)::bigint as actual
    from billing_credits c
    left join (select credit_id, -sum(amount) as amount from billing_credit_movements
               where kind in ('applied', 'unapplied') group by credit_id) m on m.credit_id = c.id
    left join (select credit_id, sum(amount) as amount from billing_credit_applications
               where reversed_at is null group by credit_id) a on a.credit_id = c.id
    where coalesce(m.amount, 0) <> coalesce(a.amount, 0)
    """,
    # What an invoice counts as paid is what payments, discounts for paying early and credits come to.
    """
    select 'settled' as kind, i.id as subject_id, i.client_id, null::uuid as credit_id, i.id as invoice_id, i.currency,
      coalesce(sum(x.amount), 0)::bigint as expected, i.settled as actual
    from billing_invoices i
    left join (
      select invoice_id, amount from billing_payment_allocations
      union all
      select invoice_id, amount from billing_credit_applications where reversed_at is null
      union all
      select invoice_id, amount from billing_early_discounts where taken_back_at is null
    ) x on x.invoice_id = i.id
    where i.status <> 'draft' group by i.tenant_id, i.id having coalesce(sum(x.amount), 0) <> i.settled
    """,
)


def find_differences(ctx: CallContext) -> list[dict[str, Any]]:
    """What does not agree now: `kind`, `subject_id`, what is `expected` and what is there (`actual`), in minor units."""
    return [dict(row) for check in _CHECKS for row in ctx.session.execute(text(check)).mappings()]


def check_credits(ctx: CallContext) -> list[UUID]:
    """Write down each new difference, once, and close those that are gone; returns the ids of the new findings."""
    found = find_differences(ctx)
    there = {(one["kind"], one["subject_id"], one["currency"]): one for one in found}
    for finding in ctx.session.scalars(select(CreditFinding).where(CreditFinding.state == "open").with_for_update()):
        now = there.get((finding.kind, finding.subject_id, finding.currency))
        if now is None:
            _close(ctx, finding, "gone", "")
        else:
            finding.expected, finding.actual = now["expected"], now["actual"]
    ctx.session.flush()
    return [finding_id for one in found if (finding_id := _write(ctx, one)) is not None]


def _write(ctx: CallContext, one: Mapping[str, Any]) -> UUID | None:
    row = {**one, "tenant_id": ctx.tenant_id, "id": uuid7(), "found_at": ctx.now()}
    fresh = insert(CreditFinding).values(row).on_conflict_do_nothing().returning(CreditFinding.id)
    finding_id = ctx.session.scalar(fresh)
    if finding_id is not None:
        said = {name: one[name] for name in ("client_id", "kind", "currency", "expected", "actual")}
        events.publish(ctx, "credit.mismatch_found", {"finding_id": finding_id, **said})
    return finding_id


def _close(ctx: CallContext, finding: CreditFinding, state: str, reason: str) -> None:
    finding.state, finding.reason, finding.closed_at, finding.closed_by = state, reason, ctx.now(), ctx.actor.name
    finding.updated_at = ctx.now()
    ctx.session.flush()


def get_finding(ctx: CallContext, finding_id: UUID) -> CreditFinding:
    """One finding. Raises FindingNotFound."""
    finding = ctx.session.scalar(select(CreditFinding).where(CreditFinding.id == finding_id))
    if finding is None:
        raise FindingNotFound("There is no finding with this id.")
    return finding


def resolve_finding(ctx: CallContext, finding_id: UUID, *, how: str, reason: str, version: int | None = None) -> CreditFinding:
    """Deal with a difference: `adjusted` books it, so that the ledger and the movements say what the credits do;
    `no_action` only notes why it is right, or is mended elsewhere.

    Raises FindingNotFound, FindingClosed, FindingNeedsAPerson, PreconditionFailed, and InvalidInput by field.
    """
    said = check_reason(reason)
    wanted = select(CreditFinding).where(CreditFinding.id == finding_id).with_for_update()
    finding = ctx.session.scalar(wanted, execution_options={"populate_existing": True})
    if finding is None:
        raise FindingNotFound("There is no finding with this id.")
    if finding.state != "open":
        raise FindingClosed("This finding is closed.")
    if version is not None and finding.version != version:
        raise PreconditionFailed("The check has looked at this again meanwhile. Look at the finding again.")
    if how == "adjusted":
        _adjust(ctx, finding, said)
    _close(ctx, finding, how, said)
    audit.record(ctx, "credit_finding.resolved", kind="credit_finding", row_id=finding.id, changes={"how": how, "reason": reason})
    return finding


def _adjust(ctx: CallContext, finding: CreditFinding, reason: str) -> None:
    if finding.kind not in BOOKABLE:
        raise FindingNeedsAPerson("A booking cannot set this right. Mend what causes it, and close the finding.")
    if finding.credit_id is not None:
        lock_credits(ctx, [finding.credit_id])
    same = (finding.kind, finding.subject_id, finding.currency)
    now = [one for one in find_differences(ctx) if (one["kind"], one["subject_id"], one["currency"]) == same]
    if [(one["expected"], one["actual"]) for one in now] != [(finding.expected, finding.actual)]:
        raise PreconditionFailed("The difference is another one by now. Let the check look again.")
    over = finding.actual - finding.expected
    [entry_id] = post_entries(ctx, [Booking("adjustment", ctx.today(), finding.currency, finding.client_id, finding.id,
                                            f"Adjustment: {reason}", {"adjustment": over, "credit": -over})])  # fmt: skip
    finding.entry_id = entry_id
    if finding.credit_id is not None:
        ctx.session.add(CreditMovement(
            id=uuid7(), credit_id=finding.credit_id, kind="adjusted", amount=over, entry_id=entry_id, reason=reason,
            moved_on=ctx.today(), moved_at=ctx.now(), actor_name=ctx.actor.name,
        ))  # fmt: skip


def list_findings(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of findings, newest first."""
    client = (Client.tenant_id == CreditFinding.tenant_id) & (Client.id == CreditFinding.client_id)
    rows = select(
        CreditFinding.id, CreditFinding.kind, CreditFinding.client_id, Client.name.label("client_name"), CreditFinding.credit_id,
        CreditFinding.invoice_id, CreditFinding.currency, CreditFinding.expected, CreditFinding.actual, CreditFinding.state,
        CreditFinding.reason, CreditFinding.found_at, CreditFinding.closed_at, CreditFinding.closed_by, CreditFinding.version,
    ).join(Client, client)  # fmt: skip
    return paginate(ctx, rows, query, sortable={"found_at": CreditFinding.found_at}, default="-found_at")


_SUSPECTS = text("""
select e.id, e.booked_on, e.words, e.kind, e.actor_name, -coalesce(p.amount, 0) as booked, coalesce(m.amount, 0) as moved
from billing_ledger_entries e
left join (select entry_id, sum(amount)::bigint as amount from billing_postings where account = 'credit' group by 1) p
  on p.entry_id = e.id
left join (select entry_id, sum(amount)::bigint as amount from billing_credit_movements group by 1) m on m.entry_id = e.id
where e.client_id = :client_id and e.currency = :currency and -coalesce(p.amount, 0) <> coalesce(m.amount, 0)
order by e.id desc limit 50
""")


def suspects(ctx: CallContext, finding: CreditFinding) -> list[dict[str, Any]]:
    """Entries of the client that say another amount of credit than the movements made with them: where to look."""
    found = ctx.session.execute(_SUSPECTS, {"client_id": finding.client_id, "currency": finding.currency})
    return [dict(row) for row in found.mappings()]
