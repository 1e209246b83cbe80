"""What an install did over some hours: how many calls, how many failed, how long they took."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from kernel.context import CallContext
from kernel.db import cursor
from plugins.extensions.services import get_install

STEPS = 24
LONGEST_HOURS = 30 * 24
_SUMS = """
select least(floor(extract(epoch from started_at - %(since)s) / %(width)s), %(last)s)::int as step, count(*) as calls,
  count(*) filter (where trap is not null) as stopped, count(*) filter (where status >= 500) as failed,
  percentile_disc(0.5) within group (order by duration) as p50, percentile_disc(0.95) within group (order by duration) as p95,
  sum(cpu)::bigint as cpu, max(memory) as memory
from extensions_invocations where install_id = %(install_id)s and started_at > %(since)s group by grouping sets ((step), ())
"""
_NOTHING = {"calls": 0, "stopped": 0, "failed": 0, "p50": None, "p95": None, "cpu": 0, "memory": None}


def metrics_of(ctx: CallContext, install_id: UUID, hours: int = 24) -> Mapping[str, Any]:
    """Sums of the last hours, and of each of 24 equal steps. Durations and CPU in microseconds, memory in bytes; `stopped`
    ended by a trap, `failed` with a status from 500 on. Raises InstallNotFound.
    """
    get_install(ctx, install_id)
    since, width = ctx.now() - timedelta(hours=hours), hours * 3600 / STEPS
    known = {"install_id": install_id, "since": since, "width": width, "last": STEPS - 1}
    with cursor(ctx.session) as hot:
        sums = {row.pop("step"): row for row in hot.execute(_SUMS, known).fetchall()}
    steps = [{"at": since + timedelta(seconds=width * step), **_NOTHING, **sums.get(step, {})} for step in range(STEPS)]
    return {**_NOTHING, **sums.get(None, {}), "hours": hours, "steps": steps}
