"""A thousand final invoices go to QuickBooks Online in one run, by batches, within the published limits on a simulated clock."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from time import process_time
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from quickbooks_fake import Company, QuickBooksFake
from sqlalchemy import event, select

from house.stage import START
from kernel.app import Kernel
from kernel.clock import FixedClock
from kernel.context import Actor
from kernel.directory.models import User
from kernel.jobs import drain
from kernel.tenancy import change_settings
from plugins.accounting import batches, mapping, targets
from tests.audit.auditor import connect as connect_reader
from tests.ground import bill_month, found, ground, sign_contracts
from tests.scenarios.quickbooks_office import connect, open_rooms, papers_here, papers_there, quickbooks_at

REALM = "9130350000001000"


class Figures(NamedTuple):
    """What a sync of so many invoices took. `statements` and `seconds` are PostgreSQL's messages and this process' time from the
    batch to the last invoice; `waited` is simulated.
    """

    invoices: int
    requests: Counter[str]
    busiest: dict[str, int]
    statements: int
    seconds: float
    waited: timedelta

    def words(self) -> str:
        """As a sentence of measurements."""
        asked = ", ".join(f"{count} {kind}" for kind, count in sorted(self.requests.items()))
        most = "{batch} batches and {request} requests in a minute, {second} in a second".format_map(self.busiest)
        statements, milliseconds = self.statements / self.invoices, self.seconds / self.invoices * 1e3
        return (f"{self.invoices:,} invoices by {asked} in {self.waited.total_seconds():.0f} simulated seconds; at most {most}, "
                f"none refused; for each invoice {statements:.1f} statements and {milliseconds:.1f} ms of this process, "
                "which is the fake as well")  # fmt: skip


def sync(kernel: Kernel, clock: FixedClock, clients: int, months: int, seed: int) -> Figures:
    """Bill clients for some months, and let all of it go to a company that knows none of them."""
    tenant_id = found(kernel, f"thousand-{clients}-{months}")
    with kernel.call(tenant_id) as ctx:
        sign_contracts(ctx, clients, months, seed)
        change_settings(ctx, "billing", {"runs_finalize": True})
        owner = ctx.session.scalars(select(User)).one()
    for month in range(1, months + 1):
        bill_month(kernel, tenant_id, month)
    alice = partial(kernel.call, tenant_id, Actor("user", owner.id, "Alice", frozenset({"*"})))
    open_rooms(alice)
    with pytest.MonkeyPatch.context() as monkeypatch, quickbooks_at(clock.now(), monkeypatch) as fake:
        fake.throttle.strict = True
        company = fake.company(REALM, "Thousand GmbH", country="DE", currency="EUR")
        target_id = _target(alice, fake, company)
        return _deliver(alice, kernel, tenant_id, clock, fake, company, target_id)


def _target(alice: Any, fake: QuickBooksFake, company: Company) -> UUID:
    """The company is connected, and all that documents need is mapped but for the customers."""
    code = company.add_tax_code("Québec", {"GST": "5", "QST": "9.975"})
    [item, *_], [account, *_] = company.rows("Item"), company.rows("Account")
    connection = connect(alice, fake, REALM)
    with alice() as ctx:
        made = targets.add_target(ctx, system="quickbooks", starts_on=date(2026, 1, 1), connection_id=connection, provision=True)
        mapping.set_mapping(ctx, made, "item", "*", str(item["Id"]), item["Name"])
        mapping.set_mapping(ctx, made, "tax", "CA-QC S 5 + CA-QC S 9.975", code, "Québec")
        mapping.set_mapping(ctx, made, "account", "income", str(account["Id"]), account["Name"])
        return made.id


def _deliver(alice: Any, kernel: Kernel, tenant_id: UUID, clock: FixedClock, fake: QuickBooksFake, company: Company,
             target_id: UUID) -> Figures:  # fmt: skip
    before, began, asked = process_time(), fake.clock.now(), len(fake.requests)
    with _counted(kernel) as statements:
        with alice() as ctx:
            batches.deliver_batch(ctx, batches.create_batch(ctx, target_id).id)
        drain(kernel, tenant_id)
    seconds, waited = process_time() - before, fake.clock.now() - began
    with connect_reader(kernel.settings.database_url) as database:
        here, there = papers_here(database, tenant_id), papers_there(company)
    rows = len(company.rows("Invoice"))
    if here != there or rows != len(here) or fake.throttle.refused:
        raise SystemExit(f"{len(here)} invoices here, {rows} there, {len(there)} numbers; {fake.throttle.refused} refused")
    requests = Counter(_kind(path) for _, path in fake.requests[asked:])
    return Figures(len(here), requests, dict(fake.throttle.busiest), statements[0], seconds, waited)


def _kind(path: str) -> str:
    return "requests" if "/batch" not in path else "batches"


@contextmanager
def _counted(kernel: Kernel) -> Iterator[list[int]]:
    """How many statements go to PostgreSQL meanwhile."""
    count = [0]

    def note(*_: Any) -> None:
        count[0] += 1

    event.listen(kernel.db.engine, "before_cursor_execute", note)
    try:
        yield count
    finally:
        event.remove(kernel.db.engine, "before_cursor_execute", note)


def accounting_thousand(notes: dict[str, Any], _keep: Callable[[], None]) -> str:
    """Let `SOAK_INVOICES` (1000) invoices of a hundred clients go out; returns the figures in words."""
    wanted, clock = int(os.environ.get("SOAK_INVOICES", "1000")), FixedClock(START)
    with ground(durable=True, clock=clock) as (kernel, _):
        return sync(kernel, clock, wanted // 10, 10, notes["seed"]).words()
