"""Several workers on one billing run: each client is billed once, numbers have no gap, nobody waits for ever."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from kernel import jobs
from kernel.context import Actor
from plugins.billing import runs, sharing
from plugins.billing.models import Invoice, RunClient, Source
from tests.plugins.billing.invoice_desk import lay_out_taxes
from tests.plugins.billing.test_runs import SEPTEMBER, contracts

WORKERS = 3


def test_workers_share_a_run_and_bill_every_client_once(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BATCH", 3)
    monkeypatch.setattr(sharing, "SHARED_FROM", 10)
    with acme.call(Actor.system()) as ctx:
        contracts(ctx, 25, lay_out_taxes(ctx))
    with acme.call("carol") as ctx:
        run_id = runs.start_run(ctx, **SEPTEMBER).id
    at_once = threading.Barrier(WORKERS)

    def work() -> None:
        at_once.wait()
        jobs.drain(acme.kernel, acme.tenant_id)

    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    jobs.drain(acme.kernel, acme.tenant_id)
    with acme.call("carol") as ctx:
        done = runs.describe_run(ctx, run_id)
        assert (done["state"], done["billed"], done["pending"], done["invoices"]) == ("done", 25, 0, 25)
        assert sorted(ctx.session.scalars(select(Invoice.serial))) == list(range(1, 26))
        assert ctx.session.scalar(select(func.count(Invoice.client_id.distinct()))) == 25
        assert ctx.session.scalar(select(func.count()).select_from(Source)) == 25


def test_help_takes_what_nobody_holds_and_the_run_waits_for_it(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BATCH", 3)
    with acme.call(Actor.system()) as ctx:
        contracts(ctx, 4, lay_out_taxes(ctx))
    with acme.call("carol") as ctx:
        run_id = runs.start_run(ctx, **SEPTEMBER).id
    with acme.call(Actor.system()) as leading:
        assert len(sharing.take_clients(leading, run_id, runs.BATCH)) == 3
        with acme.call(Actor.system()) as helping:
            assert runs.bill_next(helping, run_id, turn=1) == 3
    with acme.call("carol") as ctx:
        states = select(RunClient.state, func.count()).where(RunClient.run_id == run_id).group_by(RunClient.state)
        assert dict(ctx.session.execute(states).all()) == {"billed": 1, "pending": 3}


def test_nobody_helps_a_run_that_was_stopped(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        contracts(ctx, 2, lay_out_taxes(ctx))
    with acme.call("carol") as ctx:
        run_id = runs.start_run(ctx, **SEPTEMBER).id
        assert sharing.needs_help(ctx, run_id)
        runs.cancel_run(ctx, run_id)
        ctx.session.flush()
        assert not sharing.needs_help(ctx, run_id)
