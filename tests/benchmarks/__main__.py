"""`make bench`: measures, prints a table and writes bench.json. A time that misses its target fails nothing."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernel.app import Kernel
from local.postgres import EmbeddedPostgres
from tests.benchmarks import billing_run, create_invoice, extension_call, guests, invoice_list, many_installs, start_up
from tests.benchmarks.measuring import Reading, show
from tests.ground import ROOT, ground

BENCH = ROOT / "bench.json"


@dataclass(frozen=True)
class Sizes:
    """How much is measured; the numbers here take some five minutes on two cores."""

    clients: int = 2000
    runs: int = 2
    create_rounds: int = 5
    create_calls: int = 40
    invoices: int = 1000
    list_rounds: int = 9
    list_calls: int = 150
    extension_rounds: int = 5
    extension_calls: int = 100
    guest_rounds: int = 7
    guest_calls: int = 100
    install_tenants: int = 200
    installs_each: int = 5
    install_starts: int = 5
    starts: int = 9


def readings(kernel: Kernel, postgres: EmbeddedPostgres, sizes: Sizes) -> Iterator[Reading]:
    """All that is measured, one after the other; last the run, which leaves PostgreSQL busy tidying up for a minute."""
    yield from invoice_list.measure(kernel, sizes.invoices, sizes.list_rounds, sizes.list_calls)
    yield from extension_call.measure(kernel, sizes.extension_rounds, sizes.extension_calls)
    yield from guests.measure(sizes.guest_rounds, sizes.guest_calls)
    yield from create_invoice.measure(kernel, sizes.create_rounds, sizes.create_calls)
    yield from start_up.measure(kernel.settings, sizes.starts)
    yield from many_installs.measure(kernel, postgres, sizes.install_tenants, sizes.installs_each, sizes.install_starts)
    yield from billing_run.measure(kernel, sizes.clients, sizes.runs)


def write(measured: Sequence[Reading], path: Path) -> None:
    """Keep the readings for programs."""
    path.write_text(json.dumps([one.as_json() for one in measured], indent=2) + "\n")


def main() -> None:
    """Measure at full size."""
    with ground(durable=True) as (kernel, postgres):
        gc.freeze()  # as every web and worker process does
        measured = list(readings(kernel, postgres, Sizes()))
    show(measured)
    write(measured, BENCH)


if __name__ == "__main__":
    main()
