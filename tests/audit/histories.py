"""Plays histories of the money machine: as many as wanted, the same ones for the same seed."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.engine import make_url

from kernel.app import Kernel
from local.postgres import EmbeddedPostgres
from tests.audit.auditor import connect
from tests.audit.money_machine import MoneyMachine
from tests.audit.msp import open_msp


def play(
    kernel: Kernel, postgres: EmbeddedPostgres, *, seed: int, histories: int, deeds: int, shorten: bool = False
) -> Counter[str]:
    """Play histories; returns how often each deed was done. Raises AssertionError with the history that fails,
    the shortest one like it if `shorten` (which takes minutes)."""
    done: Counter[str] = Counter()
    database = make_url(kernel.settings.database_url).database or ""
    with connect(kernel.settings.database_url) as auditor, connect(postgres.admin_url_for(database)) as admin:
        pattern = open_msp(kernel, f"pattern-{seed}")
        world = {"kernel": kernel, "auditor": auditor, "admin": admin, "pattern": pattern, "done": done, "refused": Counter()}
        played = type("Played", (MoneyMachine,), world)
        phases = [Phase.generate, Phase.shrink] if shorten else [Phase.generate]
        how = settings(max_examples=histories, stateful_step_count=deeds, phases=phases, deadline=None, database=None,
                       suppress_health_check=list(HealthCheck), print_blob=False)  # fmt: skip
        run_state_machine_as_test(seeded(seed)(played), settings=how)
    return done + Counter({f"refused {name}": times for name, times in played.refused.items()})
