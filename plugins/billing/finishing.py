"""Finalizing one draft by as few statements as it takes: the draft, its client and its parts are read in one each, number and
end of the chain in one, all the rest is written in one.

What stands in the database afterwards is what `finalize_batch` would leave there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from psycopg.rows import namedtuple_row
from sqlalchemy import Numeric

from kernel.db import cursor
from plugins.billing.at_hand import ask_about
from plugins.billing.bulk import insert_batches
from plugins.billing.by_hand import ByHand, layouts_of, numbered_by, said
from plugins.billing.chain import SEALED, Rows, hash_written, next_link
from plugins.billing.credits.applying import apply_held, hold_automatic
from plugins.billing.errors import InvoiceNotFound
from plugins.billing.finalizing import booking, check_draft, finalize_batch
from plugins.billing.invoices import SHOWN_PARTS, get_invoice
from plugins.billing.ledger import entry_batches
from plugins.billing.numbering import take_place
from plugins.billing.parties import find_parties

if TYPE_CHECKING:
    from kernel.context import CallContext

_DRAFT = "select * from billing_invoices where tenant_id = %s and id = %s for update"
_COLUMNS = {name: tuple(dict.fromkeys((*shown, *SEALED[name]))) for name, (_, shown) in SHOWN_PARTS.items()}
_FINAL = """
update billing_invoices set status = 'finalized', finalized_at = %s, updated_at = %s, version = version + 1,
  parties = %s::jsonb, layout_version_id = %s, serial = %s, number = %s where tenant_id = %s and id = %s
"""


def _rows_of(name: str) -> str:
    """A part's rows as JSON; decimals as text, which keeps all their places."""
    table = SHOWN_PARTS[name][0]
    kinds = {one.name: "::text" if isinstance(one.type, Numeric) else "" for one in table.__table__.c}
    members = ", ".join(f"x.{column}{kinds[column]}" for column in _COLUMNS[name])
    return (f"(select json_agg(json_build_array({members}) order by x.position) from {table.__tablename__} x"
            f" where x.tenant_id = %(tenant)s and x.invoice_id = %(id)s)::text as {name}")  # fmt: skip


_PARTS = f"""
select {", ".join(_rows_of(name) for name in SHOWN_PARTS)},
  exists(select from billing_sendings s where s.tenant_id = %(tenant)s and s.invoice_id = %(id)s) as sent
"""


def finalize_by_hand(ctx: CallContext, invoice_id: UUID) -> ByHand:
    """Finalize one draft. Raises InvoiceNotFound, InvoiceNotDraft, TaxAmountsPending and LayoutNotGiven."""
    draft = _locked(ctx, invoice_id)
    known = ask_about(ctx, draft.client_id)
    if draft.kind != "invoice" or known is None or known.asked:
        finalize_batch(ctx, [invoice_id])
        return ByHand(invoice_id)
    with cursor(ctx.session) as cur:
        [read] = cur.execute(_PARTS, {"tenant": ctx.tenant_id, "id": invoice_id}).fetchall()
    parts = {name: [tuple(row) for row in orjson.loads(read[name] or "[]")] for name in SHOWN_PARTS}
    held = hold_automatic(ctx, [draft]) if known.has_credits else {}
    parties = find_parties(ctx, [draft], {invoice_id: _places(parts["lines"])}, {draft.client_id: known.buyer})[invoice_id]
    layout_id = layouts_of(ctx, draft, known)[invoice_id]
    final, place = numbered_by(ctx, draft) if draft.serial is None else (draft, take_place(ctx, draft.series, 0))
    final = final._replace(status="finalized", finalized_at=ctx.now(), updated_at=ctx.now(), version=draft.version + 1,
                           parties=parties, layout_version_id=layout_id)  # fmt: skip
    link, end = next_link(ctx, final.series, place, invoice_id, _content(final, parts))
    _, entries = entry_batches(ctx, [booking(final, early=False)])
    change = (_FINAL, (ctx.now(), ctx.now(), orjson.dumps(parties).decode(), layout_id, final.serial, final.number, ctx.tenant_id,
                       invoice_id))  # fmt: skip
    insert_batches(ctx.session, [*said(ctx, "finalized", final), link, *entries], change, end)
    if held:
        apply_held(ctx, [get_invoice(ctx, invoice_id)], held)
    if held or read["sent"]:
        return ByHand(invoice_id)
    return ByHand(invoice_id, final._asdict(), {name: _shown(name, rows) for name, rows in parts.items()})


def _locked(ctx: CallContext, invoice_id: UUID) -> Any:
    with cursor(ctx.session) as cur:
        cur.row_factory = namedtuple_row  # type: ignore[assignment]
        draft: Any = cur.execute(_DRAFT, [ctx.tenant_id, invoice_id]).fetchone()
    if draft is None:
        raise InvoiceNotFound("There is no invoice with this id.")
    check_draft(draft)
    return draft


def _places(lines: Iterable[tuple[Any, ...]]) -> set[UUID]:
    at = _COLUMNS["lines"].index("location_id")
    return {UUID(line[at]) for line in lines if line[at]}


def _content(final: Any, parts: dict[str, list[tuple[Any, ...]]]) -> bytes:
    rows = [Rows(_COLUMNS[name], parts[name]) for name in ("lines", "taxes", "discounts")]
    return hash_written((final._fields, tuple(final)), *rows)


def _shown(name: str, rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    shown = SHOWN_PARTS[name][1]
    return [dict(zip(shown, row[: len(shown)], strict=True)) for row in rows]
