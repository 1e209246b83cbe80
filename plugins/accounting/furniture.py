"""A target, a batch with a document, and work that failed, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.hookspecs.accounting import Theirs
from plugins.accounting.incoming.cursors import cursor_of
from plugins.accounting.incoming.discrepancies import About, Ledger
from plugins.accounting.incoming.drift import TOTAL, Difference
from plugins.accounting.incoming.models import Discrepancy
from plugins.accounting.intake.models import Newcomer
from plugins.accounting.intake.reading import keep
from plugins.accounting.models import Batch, BatchFile, ExportDocument, Outgoing, Target
from plugins.accounting.outgoing import new_request_id
from plugins.accounting.snapshots import pack
from plugins.accounting.targets import systems_of

NEEDS = ("client_id", "invoice_id")


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """Books that are files, with one of each kind."""
    system = next((key for key, one in systems_of(ctx).items() if one.write), "none")
    paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[there["invoice_id"]])[there["invoice_id"]]
    target = Target(system=system, name="Old books", starts_on=date(2026, 1, 1))
    ctx.session.add(target)
    ctx.session.flush()
    batch = Batch(target_id=target.id, filters={}, filter_key="{}", started_by="Carol", state="needs_attention")
    ctx.session.add(batch)
    ctx.session.flush()
    document = ExportDocument(target_id=target.id, batch_id=batch.id, invoice_id=there["invoice_id"], kind="invoice", number="1",
                              client_id=there["client_id"], issued_on=date(2026, 1, 2), currency="EUR", total=100,
                              snapshot=pack(paper),
                              state="open")  # fmt: skip
    work = Outgoing(target_id=target.id, rank=3, kind="payment", our_id=there["client_id"], request_id=new_request_id(),
                    state="failed", due_at=ctx.now(), code="refused", detail="It was refused.")  # fmt: skip
    file = BatchFile(batch_id=batch.id, position=0, name="sales.csv", content_type="text/csv", content=b"1", documents=1,
                     written_at=ctx.now())  # fmt: skip
    ctx.session.add_all([document, work, file])
    ctx.session.flush()
    newcomer_id = _newcomer(ctx, target)
    return {
        "target_id": target.id,
        "batch_id": batch.id,
        "document_id": document.id,
        "work_id": work.id,
        "file_id": file.id,
        "newcomer_id": newcomer_id,
        "newcomer_ids": newcomer_id,
        "exception_id": _difference(ctx, target, there["client_id"]),
    }


def _newcomer(ctx: CallContext, target: Target) -> UUID:
    """A customer that is there and not here."""
    keep(ctx, target.id, "client", [Theirs("77", "Contoso & Söhne", email="pay@contoso.example", currency="EUR")])
    return ctx.session.scalars(select(Newcomer.id).where(Newcomer.target_id == target.id)).one()


def _difference(ctx: CallContext, target: Target, client_id: UUID) -> UUID:
    """Somebody changed the total of an invoice on the other side."""
    cursor_of(ctx, target)
    about = About("invoice", "145", None, client_id, "INV-000042", "EUR")
    Ledger(ctx, target.id, ["145"]).weigh(about, [Difference(TOTAL, "12000", "11000")], [TOTAL])
    ctx.session.flush()
    return ctx.session.scalars(select(Discrepancy.id).where(Discrepancy.target_id == target.id)).one()
