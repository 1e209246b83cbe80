"""The desk at which the money machine sits: a small MSP, a clock, and the books it leaves, looked at after each deed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import select

from kernel import jobs
from kernel.app import Kernel
from kernel.clock import FixedClock
from kernel.context import CallContext
from kernel.errors import DeskhandError
from tests.audit.auditor import audit, audit_whole
from tests.audit.msp import Msp, copy_msp

PICK = st.integers(0, 999)
PRICE = st.integers(1, 99_999)
BEGIN = datetime(2024, 1, 20, 9, tzinfo=UTC)
_numbers = count(1)


class Desk(RuleBasedStateMachine):
    """One tenant for each example; a subclass says on which kernel, and who audits."""

    kernel: ClassVar[Kernel]
    auditor: ClassVar[psycopg.Connection[Any]]
    admin: ClassVar[psycopg.Connection[Any]]
    pattern: ClassVar[Msp]
    done: ClassVar[Counter[str]] = Counter()
    refused: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.clock.set(BEGIN)
        self.msp = copy_msp(self.pattern, f"machine-{next(_numbers)}", self.admin)
        self.changed, self.drafts, self.finals, self.payments = True, False, False, False

    @property
    def clock(self) -> FixedClock:
        """The clock of the kernel."""
        assert isinstance(self.kernel.clock, FixedClock)
        return self.kernel.clock

    @property
    def today(self) -> date:
        """This day."""
        return self.clock.today("Europe/Berlin")

    @contextmanager
    def deed(self, name: str) -> Iterator[CallContext]:
        """A transaction for a deed that may be refused by name."""
        self.changed = True
        try:
            with self.msp.call() as ctx:
                yield ctx
                self.done[name] += 1
        except DeskhandError as error:
            self.refused[f"{name}: {error.code}"] += 1

    def client(self, pick: int) -> UUID:
        """One of the clients."""
        return self.msp.clients[pick % len(self.msp.clients)]

    def pick(self, ctx: CallContext, table: Any, pick: int, *wanted: Any) -> Any:
        """One row of those wanted, in the order of their making; None where there is none."""
        rows: Sequence[Any] = ctx.session.scalars(select(table).where(*wanted).order_by(table.id)).all()
        return rows[pick % len(rows)] if rows else None

    @invariant()
    def books_are_right(self) -> None:
        """After each deed that touches money the books hold."""
        if self.changed:
            hold(audit(self.auditor, self.msp.tenant_id))
            self.changed = False

    def teardown(self) -> None:
        """At the end everything is looked at, forgeries are tried, and every event has arrived."""
        jobs.drain(self.kernel, self.msp.tenant_id)
        hold(audit_whole(self.auditor, self.msp.tenant_id))


def hold(findings: Sequence[str]) -> None:
    """Raise AssertionError with the auditor's words unless there are none."""
    if findings:
        raise AssertionError("\n".join(findings[:20]))
