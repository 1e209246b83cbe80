"""`make soak NAME=billing-kills`: runs one long test and says its figures.

The same seed (`SOAK_SEED`) makes the same contracts and draws the same places; a soak that was stopped goes on with its next
round, from the notes it keeps in `.cache/soak`. `accounting-sync`, `decade` and
`money-machine` are shared by `SOAK_PROCESSES` (2) processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from kernel.app import Kernel
from tests.audit.auditor import audit, connect
from tests.ground import ROOT, bill_month, found, ground
from tests.soak.accounting_sync import accounting_sync
from tests.soak.accounting_thousand import accounting_thousand
from tests.soak.attack_neighbours import attack_neighbours
from tests.soak.billing_kills import Killer, differences, finalize_all, prepare
from tests.soak.billing_scale import billing_scale
from tests.soak.contract_reference import contract_reference
from tests.soak.decade import decade
from tests.soak.e_invoices import e_invoices
from tests.soak.eight import eight
from tests.soak.hammer import hammer
from tests.soak.malformed import malformed
from tests.soak.money_machine import money_machine
from tests.soak.tax_reference import tax_reference

NOTES = ROOT / ".cache" / "soak"
CLIENTS, BATCH, KILLS_A_RUN = 200, 4, 15
LEASE_SECONDS = 2


def billing_kills(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """Kill workers and PostgreSQL until `SOAK_KILLS` (50) died in the middle of billing runs; returns the figures in words."""
    wanted = int(os.environ.get("SOAK_KILLS", "50"))
    kills = Counter(notes.setdefault("kills", {}))
    with ground(durable=True, job_lease=LEASE_SECONDS) as (kernel, postgres):
        while kills.total() < wanted:
            number = notes["rounds"] = notes.get("rounds", 0) + 1
            disturbed, twin = (found(kernel, f"{name}-{number}") for name in ("disturbed", "twin"))
            prepare(kernel, (disturbed, twin), CLIENTS, notes["seed"] + number)
            bill_month(kernel, twin, 1)
            killer = Killer(kernel, disturbed, Random(notes["seed"] + number), BATCH, postgres)
            killer.disturb(1, min(KILLS_A_RUN, wanted - kills.total()))
            for tenant_id in (disturbed, twin):
                finalize_all(kernel, tenant_id)
            if wrong := differences(kernel, disturbed, twin) + audited(kernel, (disturbed, twin)):
                raise SystemExit(f"Round {number}, seed {notes['seed']}:\n" + "\n".join(wrong))
            kills += Counter(killer.kills)
            notes["kills"] = dict(kills)
            keep()
            print(f"  round {number}: {killer.kills}, {CLIENTS} invoices with 8 lines equal to the twin's", flush=True)
    places = ", ".join(f"{count} {place}" for place, count in sorted(kills.items()))
    return f"{kills.total()} kills in {notes['rounds']} runs ({places}): no difference to the undisturbed twins, auditor green"


def audited(kernel: Kernel, tenants: Iterable[UUID]) -> list[str]:
    """What an auditor objects to in the books of tenants."""
    with connect(kernel.settings.database_url) as database:
        return [finding for tenant_id in tenants for finding in audit(database, tenant_id)]


SOAKS: dict[str, Callable[[dict[str, Any], Callable[[], None]], str]] = {
    "accounting-sync": accounting_sync,
    "accounting-thousand": accounting_thousand,
    "attack-neighbours": attack_neighbours,
    "billing-kills": billing_kills,
    "billing-scale": billing_scale,
    "contract-reference": contract_reference,
    "e-invoices": e_invoices,
    "decade": decade,
    "eight-at-once": eight,
    "hammer": hammer,
    "malformed": malformed,
    "money-machine": money_machine,
    "tax-reference": tax_reference,
}


def main(name: str) -> None:
    """Run a soak, or go on with it."""
    if name not in SOAKS:
        raise SystemExit(f"There is no soak {name!r}; there are: {', '.join(SOAKS)}.")
    path = NOTES / f"{name}.json"
    notes = json.loads(path.read_text()) if path.exists() else {"seed": int(os.environ.get("SOAK_SEED", "1"))}
    commits = notes["commits"] = list(dict.fromkeys([*notes.get("commits", []), _commit()]))
    began = time.monotonic() - notes.get("seconds", 0)

    def keep() -> None:
        notes["seconds"] = round(time.monotonic() - began)
        _write(path, json.dumps(notes))

    words = SOAKS[name](notes, keep)
    path.unlink(missing_ok=True)
    when = f"{datetime.now(tz=UTC).date()}, {' to '.join(commits)}, seed {notes['seed']}"
    print(f"- {name}, {when}, {time.monotonic() - began:.0f} s: {words}.")


def _write(path: Path, text: str) -> None:
    """All of it or nothing, also when stopped in the middle."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


def _commit() -> str:
    return subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
