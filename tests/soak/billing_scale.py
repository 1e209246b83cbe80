"""Billing runs of ever more clients by one worker: what an invoice costs, and how much memory the worker takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

from kernel.app import Kernel
from kernel.tenancy import change_settings
from plugins.billing import runs
from tests.benchmarks.run_worker import Worked, let_go, workers
from tests.ground import analyze, found, ground, lay_out_goods, sign_more, window

SIZES = "1000,5000,10000,25000,50000"
AT_ONCE = 1000


def billing_scale(notes: dict[str, Any], _keep: Callable[[], None]) -> str:
    """Bill a month of `SOAK_CLIENTS` (1000,5000,10000,25000,50000) clients each; returns the figures in words."""
    measured: list[tuple[int, Worked]] = []
    with ground(durable=True) as (kernel, _):
        for size in map(int, os.environ.get("SOAK_CLIENTS", SIZES).split(",")):
            tenant_id = _sign(kernel, size, Random(notes["seed"]))
            analyze(kernel)
            with workers(kernel.settings, [tenant_id], 1) as crew:
                with kernel.call(tenant_id) as ctx:
                    runs.start_run(ctx, **window(1))
                measured.append((size, let_go(crew)))
            print(f"  {_words(*measured[-1])}", flush=True)
    costs, most = [one.seconds / size for size, one in measured], [one.megabytes for _, one in measured]
    spread = f"cost of an invoice within {max(costs) / min(costs) - 1:.0%}, memory within {max(most) / max(min(most), 1) - 1:.0%}"
    return f"{'; '.join(_words(*one) for one in measured)}: {spread}"


def _words(size: int, one: Worked) -> str:
    each, busy = one.seconds / size * 1e6, one.busy / size * 1e6
    return f"{size:,} clients: {each:,.0f} µs an invoice ({busy:,.0f} µs of it Python), at most {one.megabytes:.0f} MB"


def _sign(kernel: Kernel, size: int, random: Random) -> UUID:
    """A tenant with so many clients, whose runs finalize."""
    tenant_id = found(kernel, f"scale-{size}")
    with kernel.call(tenant_id) as ctx:
        goods = lay_out_goods(ctx, random)
        change_settings(ctx, "billing", {"runs_finalize": True})
    for first in range(0, size, AT_ONCE):
        with kernel.call(tenant_id) as ctx:
            sign_more(ctx, random, goods, min(AT_ONCE, size - first), 1, first)
    return tenant_id
