"""Renewals: contracts that go on by themselves unless somebody says no in time, and those that somebody decides on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, case, func, literal, select
from sqlalchemy import cast as sql_cast

from kernel import audit, events
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.directory.models import Client
from kernel.errors import InvalidInput
from plugins.billing.agreements.errors import NothingToRenew
from plugins.billing.contracts.services import change_contract, get_contract
from plugins.billing.contracts.turns import begin_change
from plugins.billing.models.agreements import Renewal
from plugins.billing.models.contracts import Contract
from plugins.billing.periods import ONE_DAY, add_months
from plugins.billing.settings import billing_settings

JOB = "billing.renewals"
_MOST_TERMS = 120
_OWN = (Renewal.tenant_id == Contract.tenant_id) & (Renewal.contract_id == Contract.id) & (Renewal.ends_on == Contract.end_on)
_DECIDE_BY = sql_cast(Contract.end_on - Contract.notice_days, Date)
_STATE = func.coalesce(Renewal.state, "due")
_SORTABLE: Mapping[str, Any] = {"end_on": Contract.end_on, "updated_at": Contract.updated_at}


def decide_by(contract: Contract) -> date | None:
    """The last day on which somebody may say that a contract ends."""
    return None if contract.end_on is None else contract.end_on - timedelta(days=contract.notice_days)


def list_due(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of active contracts that somebody decides on, or that are about to renew themselves, the next one first;
    those put off come back on their day.
    """
    rows: Any = select(
        Contract.id, Contract.name, Contract.client_id, Client.name.label("client_name"), Contract.end_on,
        _DECIDE_BY.label("decide_by"), Contract.renewal_mode, Contract.renewal_months, Contract.notice_days,
        _STATE.label("state"), Contract.updated_at,
    ).join(Client, (Client.tenant_id == Contract.tenant_id) & (Client.id == Contract.client_id))  # fmt: skip
    rows = rows.outerjoin(Renewal, _OWN)
    return paginate(ctx, rows.where(*_open(ctx)), query, sortable=_SORTABLE, default="end_on")


def _open(ctx: CallContext) -> tuple[Any, ...]:
    today = ctx.today()
    soon = today + timedelta(days=billing_settings(ctx)["renewal_ahead_days"])
    put_off = case((_STATE == "snoozed", Renewal.snoozed_until > literal(today)), else_=False)
    return (Contract.status == "active", Contract.renewal_mode != "none", Contract.end_on.is_not(None), soon >= _DECIDE_BY,
            _STATE.in_(["due", "snoozed"]), ~put_off)  # fmt: skip


def renewal_of(ctx: CallContext, contract: Contract) -> Renewal | None:
    """What was decided about a contract's present last day, if anything was."""
    mine = (Renewal.contract_id == contract.id) & (Renewal.ends_on == contract.end_on)
    return ctx.session.scalar(select(Renewal).where(mine)) if contract.end_on else None


def renew(ctx: CallContext, contract_id: UUID, *, months: int | None = None) -> Contract:
    """Move a contract's last day by its renewal term, or by `months`; periods go on as before, counted from the same day.

    Raises ContractNotFound, NothingToRenew, InvalidInput.
    """
    contract, ends_on = _renewable(ctx, contract_id)
    term = months or contract.renewal_months
    if term is None:
        raise InvalidInput(errors={"months": "Give the months by which it is renewed."})
    until = add_months(ends_on + ONE_DAY, term) - ONE_DAY
    change_contract(ctx, contract_id, {"end_on": until})
    _decide(ctx, contract, ends_on, state="renewed", renewed_until=until)
    audit.record(ctx, "contract.renewed", kind="contract", row_id=contract_id, label=contract.name,
                 changes={"end_on": until.isoformat()})  # fmt: skip
    said = {"contract_id": contract_id, "client_id": contract.client_id, "name": contract.name, "ends_on": ends_on,
            "renewed_until": until}  # fmt: skip
    events.publish(ctx, "contract.renewed", said)
    return contract


def let_end(ctx: CallContext, contract_id: UUID) -> Contract:
    """Decide that a contract ends on its last day, also one that would renew itself. Raises NothingToRenew."""
    contract, ends_on = _renewable(ctx, contract_id)
    _decide(ctx, contract, ends_on, state="ended")
    audit.record(ctx, "contract.let_end", kind="contract", row_id=contract_id, label=contract.name)
    return contract


def snooze(ctx: CallContext, contract_id: UUID, *, until: date) -> Contract:
    """Put the decision off until a day; nothing is renewed before. Raises NothingToRenew, InvalidInput."""
    contract, ends_on = _renewable(ctx, contract_id)
    if until <= ctx.today():
        raise InvalidInput(errors={"until": "Choose a day that is to come."})
    _decide(ctx, contract, ends_on, state="snoozed", snoozed_until=until)
    audit.record(ctx, "contract.renewal_snoozed", kind="contract", row_id=contract_id, label=contract.name,
                 changes={"until": until.isoformat()})  # fmt: skip
    return contract


def _renewable(ctx: CallContext, contract_id: UUID) -> tuple[Contract, date]:
    begin_change(ctx)
    contract = get_contract(ctx, contract_id)
    if contract.end_on is None or contract.status != "active":
        raise NothingToRenew("Only active contracts with a last day are renewed or let end.")
    return contract, contract.end_on


def _decide(ctx: CallContext, contract: Contract, ends_on: date, **decision: Any) -> None:
    row = ctx.session.scalar(select(Renewal).where(Renewal.contract_id == contract.id, Renewal.ends_on == ends_on))
    row = row or Renewal(contract_id=contract.id, ends_on=ends_on)
    whole = {"snoozed_until": None, "renewed_until": None, "decided_by": ctx.actor.name, "decided_at": ctx.now(), **decision}
    for name, value in whole.items():
        setattr(row, name, value)
    ctx.session.add(row)
    ctx.session.flush()


def renew_all(ctx: CallContext) -> dict[str, int]:
    """Each night: renew what renews itself and was not stopped in time, and say once of each other that it is to be decided."""
    renewed = said = 0
    wanted = select(Contract).outerjoin(Renewal, _OWN).where(*_open(ctx)).order_by(Contract.end_on, Contract.id)
    for contract in ctx.session.scalars(wanted).all():
        if contract.renewal_mode == "auto" and (decide_by(contract) or ctx.today()) < ctx.today():
            _catch_up(ctx, contract)
            renewed += 1
        else:
            said += _say_due(ctx, contract)
    return {"renewed": renewed, "due": said}


def _catch_up(ctx: CallContext, contract: Contract) -> None:
    """Renew until the next decision is to come."""
    for _ in range(_MOST_TERMS):
        if (decide_by(contract) or ctx.today()) >= ctx.today():
            break
        renew(ctx, contract.id)


def _say_due(ctx: CallContext, contract: Contract) -> int:
    if contract.end_on is None or renewal_of(ctx, contract) is not None:
        return 0
    ctx.session.add(Renewal(contract_id=contract.id, ends_on=contract.end_on))
    ctx.session.flush()
    events.publish(ctx, "contract.renewal_due", {
        "contract_id": contract.id, "client_id": contract.client_id, "name": contract.name,
        "ends_on": contract.end_on, "decide_by": decide_by(contract), "mode": contract.renewal_mode,
    })  # fmt: skip
    return 1
