"""What an auditor reads: the rows of one tenant as they stand in the database, by plain SQL. Knows nothing of the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import namedtuple_row

Row = Any
Key = TypeVar("Key", bound=Hashable)
_QUERIES = {
    "invoices": "select * from billing_invoices order by id",
    "lines": "select * from billing_invoice_lines order by invoice_id, position",
    "taxes": "select * from billing_invoice_taxes order by invoice_id, position",
    "discounts": "select * from billing_invoice_discounts order by invoice_id, position",
    "sources": "select * from billing_sources order by id",
    "days_back": "select * from billing_days_back order by id",
    "series": "select * from billing_series order by name",
    "links": "select * from billing_chain_links order by series, position",
    "entries": "select * from billing_ledger_entries order by id",
    "postings": "select * from billing_postings order by entry_id, account",
    "payments": "select * from billing_payments order by id",
    "credits": "select * from billing_credits order by id",
    "applications": "select * from billing_credit_applications order by id",
    "allocations": "select * from billing_payment_allocations order by id",
    "refunds": "select * from billing_refunds order by id",
    "movements": "select * from billing_credit_movements order by id",
    "early": "select * from billing_early_discounts order by id",
    "usage": "select * from billing_usage order by id",
    "time": "select id, client_id, worked_on, minutes, state, invoice_id, invoice_line_id from timesheets_entries order by id",
    "materials": "select id, client_id, used_on, invoice_id, invoice_line_id from tickets_materials order by id",
    "deleted": "select row_id, label from audit_entries where action = 'invoice.deleted' order by id",
    "tidied": "select max(coalesce(finished_at, due_at)) - interval '30 days' as until from jobs where kind = 'admin.tidy'"
    " and attempts > 0",
    "events": "select * from events where name like 'invoice.%' or name like 'payment.%' order by id",
}


@dataclass(frozen=True)
class Books:
    """The rows of one tenant, by table."""

    tables: Mapping[str, Sequence[Row]]

    def __getattr__(self, name: str) -> Sequence[Row]:
        try:
            return self.tables[name]
        except KeyError as error:
            raise AttributeError(name) from error

    @cached_property
    def by_id(self) -> dict[UUID, Row]:
        """Each invoice by its id."""
        return {one.id: one for one in self.invoices}

    @cached_property
    def lines_of(self) -> dict[UUID, list[Row]]:
        """The lines of each invoice."""
        return grouped(self.lines, lambda one: one.invoice_id)

    @cached_property
    def taxes_of(self) -> dict[UUID, list[Row]]:
        """The printed taxes of each invoice."""
        return grouped(self.taxes, lambda one: one.invoice_id)

    @cached_property
    def discounts_of(self) -> dict[UUID, list[Row]]:
        """The discounts of each invoice."""
        return grouped(self.discounts, lambda one: one.invoice_id)


def grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    """Rows by a key, in their order; a key that no row has gives none."""
    groups: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection for an auditor, from the SQLAlchemy address of an account that row-level security holds to one tenant."""
    parts = urlsplit(url)
    [host] = parse_qs(parts.query)["host"]
    return psycopg.connect(host=host, dbname=parts.path[1:], user=parts.username, password=unquote(parts.password or ""),
                           row_factory=namedtuple_row, autocommit=True)  # fmt: skip


def bind(database: psycopg.Connection[Any], tenant_id: UUID) -> None:
    """Let the present transaction see one tenant."""
    database.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])


def read_books(database: psycopg.Connection[Any], tenant_id: UUID) -> Books:
    """All of a tenant's books at one instant."""
    alone = database.info.transaction_status == TransactionStatus.IDLE
    with database.transaction():
        if alone:
            database.execute("set transaction isolation level repeatable read read only")
        bind(database, tenant_id)
        with database.pipeline():
            cursors = {name: database.execute(query) for name, query in _QUERIES.items()}
        return Books({name: cursor.fetchall() for name, cursor in cursors.items()})


def rounded(exact: Fraction, mode: str) -> int:
    """A fraction of minor units as whole ones: half_up, half_even, up or down, by the amount without its sign."""
    sign, whole = (-1 if exact < 0 else 1), abs(exact)
    floor, rest = divmod(whole.numerator, whole.denominator)
    twice = 2 * rest - whole.denominator
    up = {"half_up": twice >= 0, "half_even": twice > 0 or (twice == 0 and floor % 2 == 1), "up": rest > 0, "down": False}
    return sign * (floor + up[mode])
