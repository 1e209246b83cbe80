"""Pages of what comes back: the inbox of exceptions, and both sides beside each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel import audit
from kernel.context import CallContext
from kernel.money import as_major
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, redirect_to, render
from plugins.accounting.incoming import cursors, discrepancies, listing, reconciling, resolving, schemas
from plugins.accounting.incoming.models import Discrepancy
from plugins.accounting.targets import get_target, list_targets

pages = Pages("accounting")
STATES = {"open": (_l("Open"), "warning"), "accepted": (_l("Accepted"), "neutral"), "resolved": (_l("Resolved"), "done")}
KINDS = {
    "total_differs": _l("Another total"),
    "tax_differs": _l("Another tax"),
    "lines_differ": _l("Other lines"),
    "number_differs": _l("Another number"),
    "customer_differs": _l("Another customer"),
    "currency_differs": _l("Another currency"),
    "voided_there": _l("Void there"),
    "deleted_there": _l("Deleted there"),
    "counts_there": _l("Void here, not there"),
    "payment_changed": _l("Payment changed there"),
    "credit_applied_there": _l("Credit used there"),
    "payment_not_taken": _l("Payment not taken over"),
    "payment_not_taken_back": _l("Payment not taken back"),
    "draft_again_here": _l("A draft again here"),
}
ADVICE = {
    "voided_there": _l("Void the invoice here as well, or accept that it only counts here."),
    "deleted_there": _l("Void the invoice here as well, deliver it once more, or accept that it only counts here."),
    "draft_again_here": _l("Finalize it again, then deliver ours once more; or void it once it is final."),
    "counts_there": _l("Void it there, or accept that it counts there."),
    "credit_applied_there": _l("Use the credit here as well; what was paid in money was taken over."),
    "payment_not_taken": _l("Mend what is in the way. The payment is tried again whenever the other side is looked at."),
    "payment_not_taken_back": _l("Mend what is in the way. It is tried again whenever the other side is looked at."),
}
_USUAL = _l("Undo the change there, deliver ours once more, or accept it as known. Nothing is taken over by itself.")
AMOUNTS = frozenset({"total_differs", "tax_differs", "payment_changed", "credit_applied_there", "payment_not_taken"})
_AT_ONCE = 200
WORDS = {"invoice": _l("Invoice"), "credit_note": _l("Credit note"), "payment": _l("Unused money")}
_EXCEPTION = "/accounting/exceptions/<uuid:exception_id>"
_COLUMNS = ("kind", "number", "client", "currency", "our_total", "their_total", "our_tax", "their_tax", "our_open", "their_open")


def say(kind: str, value: str, currency: str) -> str | int:
    """What one side says: an amount in minor units where it is one, else words."""
    return int(value) if kind in AMOUNTS and currency and value.lstrip("-").isdigit() else value


@pages.get("/accounting/exceptions", permission="accounting.read", query=schemas.ExceptionQuery)
def exceptions(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    found = listing.list_exceptions(ctx, query if "state" in query else {**query, "state": "open"})
    return render("accounting/exceptions.html", page=found, states=STATES, kinds=KINDS, say=say,
                  connected=any(one.connection_id for one in list_targets(ctx)))  # fmt: skip


@pages.get(_EXCEPTION, permission="accounting.read")
def exception(ctx: CallContext, exception_id: UUID) -> ResponseReturnValue:
    found = discrepancies.get_exception(ctx, exception_id)
    return render("accounting/exception.html", thing=found, target=get_target(ctx, found.target_id), states=STATES, kinds=KINDS,
                  advice=ADVICE.get(found.kind, _USUAL), say=say, paper=_paper_of(found),
                  pushes=found.kind in resolving.PUSHED and found.state != "resolved" and found.our_id is not None,
                  history=audit.history(ctx, "accounting.exception", found.id))  # fmt: skip


def _paper_of(found: Discrepancy) -> UUID | None:
    return found.our_id if found.subject in ("invoice", "credit_note") else None


@pages.post(f"{_EXCEPTION}/accept", permission="accounting.manage")
def accept(ctx: CallContext, exception_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    discrepancies.accept(ctx, exception_id)
    return redirect_to("/accounting/exceptions", toast=_("Accepted."))


@pages.post(f"{_EXCEPTION}/push-again", permission="accounting.manage")
def push_again(ctx: CallContext, exception_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    resolving.push_again(ctx, exception_id)
    return redirect_to("/accounting/exceptions", toast=_("It is delivered once more."))


@pages.post("/accounting/targets/<uuid:target_id>/look-again", permission="accounting.manage")
def look_again(ctx: CallContext, target_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    cursors.look_soon(ctx, get_target(ctx, target_id), everything=True)
    return redirect_to(f"/accounting/reconciliation?target_id={target_id}", toast=_("The books are looked at now."))


@pages.get("/accounting/reconciliation", permission="accounting.read", query=schemas.ReportQuery)
def reconciliation(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    targets = [one for one in list_targets(ctx) if one.connection_id is not None]
    wanted = query["target_id"] or (targets[0].id if targets else None)
    target = get_target(ctx, wanted) if wanted else None
    rows = list(reconciling.reconcile(ctx, target.id)) if target else []
    shown, behind = reconciling.page_of([one for one in rows if one.differs or query["all"]], query["after"], _AT_ONCE)
    sums = reconciling.by_client(rows)
    return render("accounting/reconciliation.html", target=target, targets=targets, rows=_flat(shown), count=len(rows),
                  unseen=sum(one.theirs is None for one in rows), differing=sum(one.differs for one in rows),
                  clients=_flat_sums(one for one in sums if one.differs or query["all"]),
                  totals=[one._asdict() | _sides(one.ours, one.theirs) for one in reconciling.by_currency(sums)],
                  everything=query["all"], behind=behind,
                  cursor=cursors.find_cursor(ctx, target.id) if target else None)  # fmt: skip


@pages.get("/accounting/reconciliation.csv", permission="accounting.read", query=schemas.ReportQuery)
def reconciliation_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    rows = reconciling.reconcile(ctx, get_target(ctx, query["target_id"]).id) if query["target_id"] else ()
    return csv_download("reconciliation.csv", _COLUMNS, ([_csv(row, name) for name in _COLUMNS] for row in _flat(rows)))


def _csv(row: dict[str, Any], name: str) -> str:
    value = row[name]
    return str(as_major(value, row["currency"])) if isinstance(value, int) else "" if value is None else str(value)


def _flat(rows: Iterable[reconciling.Reconciled]) -> list[dict[str, Any]]:
    return [one._asdict() | _sides(one.ours, one.theirs) | {"differs": one.differs, "url": one.url, "words": WORDS[one.kind]}
            for one in rows]  # fmt: skip


def _flat_sums(rows: Iterable[reconciling.ClientSum]) -> list[dict[str, Any]]:
    return [one._asdict() | _sides(one.ours, one.theirs) | {"differs": one.differs} for one in rows]


def _sides(ours: reconciling.Amounts, theirs: reconciling.Amounts | None) -> dict[str, Any]:
    there = theirs._asdict() if theirs is not None else dict.fromkeys(ours._fields)
    return {f"our_{key}": value for key, value in ours._asdict().items()} | {f"their_{key}": there[key] for key in there}
