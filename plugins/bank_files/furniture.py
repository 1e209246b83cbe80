"""A statement with an entry, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from plugins.bank_files import services, uploads
from plugins.bank_files.models import Entry
from plugins.bank_files.sheets import Columns

NEEDS = ("client_id",)
_TABLE = b"Date;Amount;Name;IBAN;Text\n01.09.2026;120,00;Hill;AT611904300234573201;Invoice\n02.09.2026;5,00;Hill;;Tip\n"


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """A table that waits for its columns, and one that was read, with an entry that is settled in part."""
    first = uploads.take_file(ctx, name="september.csv", content=_TABLE, account="DE89370400440532013000", currency="EUR")
    header = ("Date", "Amount", "Name", "IBAN", "Text")
    uploads.name_columns(ctx, first.id, Columns({"date": 0, "amount": 1, "name": 2, "iban": 3, "text": 4}, "dmy", True, header))
    for statement, part in uploads.batches(uploads.read_statements(ctx, first)):
        uploads.keep_entries(ctx, first, statement, part)
    entry_id = ctx.session.scalars(select(Entry.id).where(Entry.name == "Hill").order_by(Entry.booked_on)).first()
    assert entry_id is not None  # noqa: S101 - laid out above
    match = services.match_entry(ctx, entry_id, client_id=there["client_id"], amount=1000, shares=[])
    other = _TABLE.replace(b"Text", b"Words")
    second = uploads.take_file(ctx, name="october.csv", content=other, account="DE89370400440532013000", currency="EUR")
    return {
        "account_id": first.account_id or entry_id,
        "bank-entries/file_id": first.id,
        "entry_id": entry_id,
        "match_id": match.id,
        "file_id": second.id,
    }
