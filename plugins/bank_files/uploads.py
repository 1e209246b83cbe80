"""Files that come: kept until they were read, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from kernel.jobs import enqueue
from kernel.money import exponent
from plugins.bank_files.camt import looks_like_xml, read_camt
from plugins.bank_files.entries import BankEntry, Statement, fingerprints, squash
from plugins.bank_files.errors import StatementNotFound, StatementUnreadable
from plugins.bank_files.models import BankAccount, BankFile, Entry
from plugins.bank_files.sheets import Columns, Sheet, check_columns, guess_columns, read_sheet, statement_of

if TYPE_CHECKING:
    from kernel.context import CallContext

JOB = "bank_files.read"
ROOM = "bank_files"
BATCH = 500
MOST_BYTES = 20 * 1024 * 1024


class Original(NamedTuple):
    """A file as it came, byte by byte."""

    name: str
    content_type: str
    content: bytes


def take_file(ctx: CallContext, *, name: str, content: bytes, account: str = "", currency: str = "") -> BankFile:
    """Keep a statement and read it in the background. A table whose columns nobody named for its account waits for that.

    Raises StatementUnreadable, and InvalidInput by field.
    """
    if not content or len(content) > MOST_BYTES:
        raise InvalidInput(errors={"file": f"A file of 1 byte to {MOST_BYTES // 1024 // 1024} MiB."})
    found = None if looks_like_xml(content) else _account(ctx, account, currency)
    if found is None:
        read_camt(content)
        state = "waiting"
    else:
        known = _columns(found)
        state = "waiting" if known is not None and known.header == read_sheet(content).header else "columns"
    key = ctx.kernel.files.put_bytes(ctx.tenant_id, content, content_type="application/octet-stream", room=ROOM).key
    row = BankFile(id=uuid7(), account_id=found.id if found else None, name=name[:200] or "statement", file_key=key, state=state,
                   uploaded_by=ctx.actor.name, uploaded_at=ctx.now())  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    audit.record(ctx, "bank_file.uploaded", kind="bank_file", row_id=row.id, label=row.name)
    if state == "waiting":
        _begin(ctx, row)
    return row


def _begin(ctx: CallContext, row: BankFile) -> None:
    row.job_id = enqueue(ctx, JOB, {"file_id": str(row.id)}, key=str(row.id))
    ctx.session.flush()


def _account(ctx: CallContext, number: str, currency: str) -> BankAccount:
    """The account of a table, which says neither itself."""
    errors = {}
    if not 4 <= len(squash(number)) <= 34:
        errors["account"] = "A table does not say whose it is: write your IBAN or account number."
    try:
        exponent(currency)
    except InvalidInput:
        errors["currency"] = "Write the currency of the account, as in EUR."
    if errors:
        raise InvalidInput(errors=errors)
    return keep_account(ctx, squash(number), currency)


def keep_account(ctx: CallContext, number: str, currency: str) -> BankAccount:
    """The account of this number, made where it is new."""
    row = insert(BankAccount).values(tenant_id=ctx.tenant_id, id=uuid7(), number=number, currency=currency)
    ctx.session.execute(row.on_conflict_do_nothing(index_elements=["tenant_id", "number"]))
    return ctx.session.scalars(select(BankAccount).where(BankAccount.number == number)).one()


def get_file(ctx: CallContext, file_id: UUID) -> BankFile:
    """One file. Raises StatementNotFound."""
    row = ctx.session.scalar(select(BankFile).where(BankFile.id == file_id))
    if row is None:
        raise StatementNotFound("There is no bank file with this id.")
    return row


def original_of(ctx: CallContext, file_id: UUID) -> Original:
    """A file as it came. Raises StatementNotFound, and FileMissing, FileDamaged and FilesUnavailable of the file store."""
    row = get_file(ctx, file_id)
    content = ctx.kernel.files.get_bytes(ctx.tenant_id, row.file_key)
    kind, ending = ("application/xml", ".xml") if looks_like_xml(content) else ("text/csv", ".csv")
    return Original(row.name if "." in row.name else f"{row.name}{ending}", kind, content)


def sheet_of(ctx: CallContext, row: BankFile) -> Sheet:
    """The table in a file that waits for its columns."""
    return read_sheet(ctx.kernel.files.get_bytes(ctx.tenant_id, row.file_key))


def columns_for(ctx: CallContext, row: BankFile) -> Columns:
    """What the columns of a table may hold: as they were named for its account, else as its header sounds."""
    sheet = sheet_of(ctx, row)
    account = ctx.session.scalars(select(BankAccount).where(BankAccount.id == row.account_id)).one()
    known = _columns(account)
    return known if known is not None and known.header == sheet.header else guess_columns(sheet)


def name_columns(ctx: CallContext, file_id: UUID, columns: Columns) -> BankFile:
    """Say what the columns of a table hold, for this file and the next ones of its account. Reads it in the background.

    Raises StatementNotFound, InvalidInput by field, and StatementUnreadable where a row does not fit.
    """
    row = get_file(ctx, file_id)
    if row.state != "columns" or row.account_id is None:
        raise StatementNotFound("This file does not wait for its columns.")
    account = ctx.session.scalars(select(BankAccount).where(BankAccount.id == row.account_id).with_for_update()).one()
    if errors := check_columns(columns):
        raise InvalidInput(errors=errors)
    statement_of(sheet_of(ctx, row), columns, account.number, account.currency)
    account.columns = {"places": dict(columns.places), "date_order": columns.date_order, "comma": columns.comma,
                       "header": list(columns.header)}  # fmt: skip
    row.state = "waiting"
    ctx.session.flush()
    _begin(ctx, row)
    return row


def _columns(account: BankAccount) -> Columns | None:
    kept = account.columns
    return None if kept is None else Columns(kept["places"], kept["date_order"], kept["comma"], tuple(kept["header"]))


def read_statements(ctx: CallContext, row: BankFile) -> list[Statement]:
    """What is in a kept file. Raises StatementUnreadable."""
    content = ctx.kernel.files.get_bytes(ctx.tenant_id, row.file_key)
    if row.account_id is None:
        return read_camt(content)
    account = ctx.session.scalars(select(BankAccount).where(BankAccount.id == row.account_id)).one()
    columns = _columns(account)
    if columns is None:
        raise StatementUnreadable("Nobody said what the columns of this table hold.")
    return [statement_of(read_sheet(content), columns, account.number, account.currency)]


def batches(statements: Sequence[Statement]) -> Iterator[tuple[Statement, Sequence[tuple[bytes, BankEntry]]]]:
    """The entries of statements with their fingerprints, some at a time. Two statements of one account count as one."""
    by_account: dict[str, list[BankEntry]] = {}
    named = {one.account: one for one in statements}
    for one in statements:
        by_account.setdefault(one.account, []).extend(one.entries)
    for account, entries in by_account.items():
        marked = list(fingerprints(account, entries))
        for at in range(0, len(marked), BATCH):
            yield named[account], marked[at : at + BATCH]


def keep_entries(ctx: CallContext, row: BankFile, statement: Statement, part: Sequence[tuple[bytes, BankEntry]]) -> int:
    """Write entries that are not there yet; returns how many those were."""
    account = keep_account(ctx, statement.account, statement.currency or ctx.tenant.currency)
    values: list[dict[str, Any]] = [
        {"tenant_id": ctx.tenant_id, "id": uuid7(), "account_id": account.id, "file_id": row.id, "fingerprint": digest,
         "matched": 0, "state": "open" if entry.amount > 0 else "outgoing", **entry._asdict()}
        for digest, entry in part
    ]  # fmt: skip
    fresh = insert(Entry).on_conflict_do_nothing(index_elements=["tenant_id", "account_id", "fingerprint"])
    return len(ctx.session.execute(fresh.returning(Entry.id), values).all())
