"""How full the buckets of clients are in the period that is running: the same drawing as a billing run makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from uuid import UUID

from kernel.context import CallContext
from kernel.db import among
from kernel.hookspecs.charging import Charge, ChargeWindow
from plugins.billing.buckets.pools import Pool, read_pools, read_used
from plugins.billing.burn import shown
from plugins.billing.contracts.agreed import read_agreed
from plugins.billing.due import unbilled_usage
from plugins.billing.due.drawing import Statement, draw_down
from plugins.billing.due.values import Findings
from plugins.billing.models.contracts import Contract, ContractLine
from plugins.billing.periods import ONE_DAY, Period


@dataclass(frozen=True, slots=True)
class Meter:
    """What approved work has drawn from a bucket so far, in hours or units; `filled` in percent of what is available."""

    line_id: UUID
    contract_id: UUID
    words: str
    unit: str
    period: Period
    included: Decimal
    carried: Decimal
    used: Decimal
    beyond: Decimal
    alert: bool

    @property
    def available(self) -> Decimal:
        """What the period includes and what was carried over to it."""
        return self.included + self.carried

    @property
    def filled(self) -> int:
        """How much of it is used, at most 100."""
        return 100 if self.used >= self.available else int(self.used * 100 / self.available)


def bucket_meters(ctx: CallContext, client_ids: Sequence[UUID]) -> list[Meter]:
    """The meters of the buckets that are in force today, in the order of their contracts."""
    wanted = among(Contract.client_id, client_ids) & (Contract.status == "active") & (ContractLine.kind == "bucket")
    pools, today = read_pools(ctx, read_agreed(ctx, wanted)), ctx.today()
    running = {line_id: pool for line_id, pool in pools.items() if pool.agreed.agreement.owed.contains(today)}
    if not running:
        return []
    until = {line_id: _ends(pool, today) for line_id, pool in pools.items()}
    window = ChargeWindow(today, today + ONE_DAY, at_hand=True)  # a page that shows a meter does not wait for foreign code
    charges = _approved(ctx, window, client_ids)
    drawn = draw_down(pools, read_used(ctx, pools), until, charges, unbilled_usage(ctx, window, client_ids), Findings())
    statements = {one.bucket.agreed.line.id: one for one in drawn.statements if one.period.period.contains(today)}
    return [_meter(statements[line_id]) for line_id in running if line_id in statements]


def _ends(pool: Pool, today: date) -> date:
    """When what is drawn today is billed."""
    terms = pool.agreed.agreement
    running = terms.schedule.period_containing(today).end
    return running if terms.windows is None else terms.windows.period_containing(running - ONE_DAY).end


def _approved(ctx: CallContext, window: ChargeWindow, client_ids: Sequence[UUID]) -> list[Charge]:
    """Time that rooms hold for billing; none of it is billed yet, since they are told when it is."""
    answers = ctx.hooks.collect_charges(ctx=ctx, window=window, clients=list(client_ids))
    return [one for one in chain.from_iterable(answers) if one.unit == "hour" and one.on_date < window.end]


def _meter(statement: Statement) -> Meter:
    bucket, allowance, used = statement.bucket, statement.allowance, statement.used
    terms, per = bucket.terms, bucket.terms.per
    alert = terms.alert_percent is not None and used * 100 >= allowance.available * terms.alert_percent
    return Meter(
        bucket.agreed.line.id, bucket.agreed.contract.id, bucket.agreed.words, terms.unit, statement.period.period,
        shown(allowance.included, per), shown(allowance.carried, per), shown(used, per), shown(statement.beyond, per), alert,
    )  # fmt: skip
