"""I9: what happened was said exactly once; and once nothing is left to do, every event reached each of its listeners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from tests.audit.books import Books, bind

_WAITING = "select name, count(*) from events where relayed_at is null group by name"
_STUCK = """
select e.name, d.subscriber, d.state, count(*) from event_deliveries d join events e on e.tenant_id = d.tenant_id
  and e.id = d.event_id where d.state not in ('delivered', 'skipped', 'dismissed') group by 1, 2, 3
"""
_TWICE = "select event_id, subscriber, count(*) from event_deliveries group by 1, 2 having count(*) > 1"
_MISSED = """
select e.name, s.subscriber, count(*) from events e
join (select distinct x.name, d.subscriber from event_deliveries d join events x on x.id = d.event_id) s on s.name = e.name
where not exists (select from event_deliveries d where d.event_id = e.id and d.subscriber = s.subscriber) group by 1, 2
"""


def check_said(books: Books) -> Iterator[str]:
    """Each invoice that was written, finalized or voided and each payment has its event, once; what was heard and is older than
    thirty days was tidied away by the last night that did so.
    """
    tidied = books.tidied[0].until
    said = Counter((one.name, one.payload.get("invoice_id")) for one in books.events)
    for invoice in books.invoices:
        if not _as_often(said["invoice.created", str(invoice.id)], 1, invoice.created_at, tidied):
            yield f"I9 {invoice.number} was created, said {said['invoice.created', str(invoice.id)]} times."
    done = Counter((link.invoice_id, link.event) for link in books.links)
    last = {(link.invoice_id, link.event): link.occurred_at for link in sorted(books.links, key=lambda one: one.occurred_at)}
    for (invoice_id, event), times in done.items():
        if not _as_often(said[f"invoice.{event}", str(invoice_id)], times, last[invoice_id, event], tidied):
            yield f"I9 {invoice_id} was {event} {times} times, said {said[f'invoice.{event}', str(invoice_id)]} times."
    payments = Counter(one.payload.get("payment_id") for one in books.events if one.name == "payment.recorded")
    for one in books.payments:
        if not _as_often(payments[str(one.id)], 1, one.recorded_at, tidied):
            yield f"I9 payment {one.id} was said {payments[str(one.id)]} times."


def _as_often(said: int, times: int, at: datetime, tidied: datetime | None) -> bool:
    return said == times or (tidied is not None and at < tidied and said < times)


def check_delivered(database: psycopg.Connection[Any], tenant_id: UUID) -> Iterator[str]:
    """To be asked when all work is done: nothing waits, nothing was given up, nobody was left out or told twice."""
    with database.transaction():
        bind(database, tenant_id)
        for name, count in database.execute(_WAITING):
            yield f"I9 {count} events {name} were never relayed."
        for name, subscriber, state, count in database.execute(_STUCK):
            yield f"I9 {count} events {name} for {subscriber} are {state}."
        for event_id, subscriber, count in database.execute(_TWICE):
            yield f"I9 event {event_id} has {count} deliveries for {subscriber}."
        for name, subscriber, count in database.execute(_MISSED):
            yield f"I9 {subscriber} was not told of {count} events {name}."
