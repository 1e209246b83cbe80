"""Numbers of invoices: taken inside the transaction, as its last lock, so that a failed create burns none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.db import cursor, id_array
from kernel.ids import uuid7
from plugins.billing.models import Series
from plugins.billing.patterns import write_number

if TYPE_CHECKING:
    from kernel.context import CallContext

SERIES = {"invoice": "invoice_pattern", "credit_note": "credit_note_pattern", "prepayment": "prepayment_pattern"}
"""The series, and the setting that holds the pattern of each."""
_HOLD = """
update billing_series set last_serial = last_serial + %s where name = %s returning last_serial, chain_length, chain_hash
"""
_NUMBER = """
update billing_invoices i set serial = x.serial, number = x.number
from unnest(%s::uuid[], %s::bigint[], %s::text[]) as x(id, serial, number)
where i.tenant_id = %s and i.id = x.id and i.serial is null
"""


class Number(NamedTuple):
    """A place in a series, and how it is written."""

    serial: int
    text: str


class Place(NamedTuple):
    """The end of a series, held to the end of the transaction: the serial taken last, and the end of its chain."""

    serial: int
    length: int
    hash: bytes


def provisional_number(invoice_id: UUID) -> str:
    """What a draft is called that has no number yet."""
    return f"DRAFT-{invoice_id.hex[-12:].upper()}"


def take_numbers(ctx: CallContext, series: str, dates: Sequence[date], settings: Mapping[str, Any]) -> list[Number]:
    """The next numbers of a series for invoices of these dates, in their order; not written yet.

    Whoever takes a number holds the series to the end of the transaction.
    """
    if not dates:
        return []
    first, pattern = _take(ctx, series, len(dates)), settings[SERIES[series]]
    return [Number(serial, write_number(pattern, serial, day.year)) for serial, day in enumerate(dates, first)]


def assign_numbers(ctx: CallContext, series: str, invoices: Sequence[tuple[UUID, date]],
                   settings: Mapping[str, Any]) -> list[Number]:  # fmt: skip
    """Give drafts (id, invoice date) the next numbers of the series, in their order; returns the numbers."""
    numbers = take_numbers(ctx, series, [day for _, day in invoices], settings)
    if numbers:
        serials, texts = [one.serial for one in numbers], [one.text for one in numbers]
        with cursor(ctx.session) as cur:
            cur.execute(_NUMBER, [id_array(one for one, _ in invoices), serials, texts, ctx.tenant_id])
    return numbers


def take_place(ctx: CallContext, series: str, count: int = 1) -> Place:
    """Take so many numbers of a series (0: none), and hold it, by one statement."""
    with cursor(ctx.session) as cur:
        row = cur.execute(_HOLD, [count, series]).fetchone()
        if row is None:
            lay_out_series(ctx)
            [row] = cur.execute(_HOLD, [count, series]).fetchall()
    return Place(row["last_serial"], row["chain_length"], row["chain_hash"])


def _take(ctx: CallContext, series: str, count: int) -> int:
    taken = (
        update(Series).where(Series.name == series).values(last_serial=Series.last_serial + count)
        .returning(Series.last_serial).execution_options(synchronize_session=False)
    )  # fmt: skip
    last = ctx.session.scalar(taken)
    if last is None:
        lay_out_series(ctx)
        last = ctx.session.scalars(taken).one()
    return last - count + 1


def hold_series(ctx: CallContext, series: str) -> None:
    """Let nobody take a number of a series until this transaction ends; taken after all other locks."""
    ctx.session.execute(select(Series.id).where(Series.name == series).with_for_update())


def lay_out_series(ctx: CallContext) -> None:
    """Give the tenant its series, where it has none yet."""
    rows = [{"tenant_id": ctx.tenant_id, "id": uuid7(), "name": name} for name in SERIES]
    ctx.session.execute(insert(Series).values(rows).on_conflict_do_nothing(index_elements=["tenant_id", "name"]))
