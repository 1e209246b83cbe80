"""The auditor: all that must hold of one tenant's money, checked with SQL and fractions of its own.

It imports nothing of the engine. Findings are sentences, led by the invariant they break; no finding is good news.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

import psycopg

from tests.audit.accounts import check_accounts
from tests.audit.billed import check_billed
from tests.audit.books import Books, connect, read_books
from tests.audit.numbers import check_numbers
from tests.audit.outbox import check_delivered, check_said
from tests.audit.seals import check_chain, check_guards
from tests.audit.sums import check_sums

__all__ = ["audit", "audit_whole", "connect"]


def audit(database: psycopg.Connection[Any], tenant_id: UUID) -> list[str]:
    """I1 to I6 and I9 as far as the rows of this moment tell; cheap enough for after every step."""
    return list(_findings(read_books(database, tenant_id)))


def _findings(books: Books) -> Iterator[str]:
    checks = (check_billed, check_sums, check_accounts, check_numbers, check_chain, check_said)
    return chain.from_iterable(check(books) for check in checks)


def audit_whole(database: psycopg.Connection[Any], tenant_id: UUID) -> list[str]:
    """`audit`, and what needs all work to be done (deliveries) or tries to forge (a final and a void invoice)."""
    books = read_books(database, tenant_id)
    findings = list(_findings(books))
    for status in ("finalized", "void"):
        for one in [one for one in books.invoices if one.status == status][:1]:
            findings += check_guards(database, tenant_id, one.id)
    return findings + list(check_delivered(database, tenant_id))
