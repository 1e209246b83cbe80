"""The verbs of contracts: draw up, change, activate, end, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes, get_client
from kernel.errors import InvalidInput
from kernel.hookspecs.directory import Ref
from plugins.billing.agreements.orders import refuse_other_amount
from plugins.billing.contracts import usage_records
from plugins.billing.contracts.agreed import AgreedLine, read_agreed
from plugins.billing.contracts.billed import ever_billed
from plugins.billing.contracts.checks import check_terms
from plugins.billing.contracts.ends import move_ends_of
from plugins.billing.contracts.lines import write_line
from plugins.billing.contracts.turns import begin_change
from plugins.billing.days import check_days
from plugins.billing.errors import ContractNotFound, PeriodsBilled
from plugins.billing.models.contracts import Contract, ContractLine
from plugins.billing.said import check_currency

_FROZEN = {
    "client_id": "the client", "currency": "the currency", "start_on": "the first day",
    "billed_until": "the day up to which was billed before", "cadence": "how periods are counted",
}  # fmt: skip


def get_contract(ctx: CallContext, contract_id: UUID) -> Contract:
    """One contract. Raises ContractNotFound, also for another tenant's."""
    contract = ctx.session.scalar(select(Contract).where(Contract.id == contract_id))
    if contract is None:
        raise ContractNotFound("There is no contract with this id.")
    return contract


def list_lines(ctx: CallContext, contract_id: UUID) -> list[AgreedLine]:
    """A contract's lines with items, rates and tiers, in their order."""
    get_contract(ctx, contract_id)
    return read_agreed(ctx, Contract.id == contract_id)


def create_contract(ctx: CallContext, *, client_id: UUID, name: str, start_on: date, currency: str | None = None,
                    lines: Sequence[Mapping[str, Any]] = (), status: str = "draft", **facts: Any) -> Contract:  # fmt: skip
    """Draw up a contract, with its lines if they are given; the currency defaults to the client's.

    Raises ClientNotFound, and InvalidInput with `lines[i].…` paths.
    """
    client = get_client(ctx, client_id)
    contract = Contract(
        client_id=client_id, name=name, start_on=start_on, currency=currency or client.currency, status="draft", **facts
    )
    _check(contract.currency, contract.start_on, contract.end_on, contract.billed_until)
    _check_terms(contract, facts)
    ctx.session.add(contract)
    ctx.session.flush()
    refuse_other_amount(ctx, contract)
    for at, line in enumerate(lines):
        write_line(ctx, contract, None, {"position": at + 1, **line}, path=f"lines[{at}].")
    audit.record(ctx, "contract.created", kind="contract", row_id=contract.id, label=name)
    return activate_contract(ctx, contract.id) if status == "active" else contract


def change_contract(ctx: CallContext, contract_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Contract:
    """Change a contract's own facts. What billed periods stand on cannot change any more.

    Raises PeriodsBilled, InvalidInput, PreconditionFailed.
    """
    begin_change(ctx)
    contract = get_contract(ctx, contract_id)
    if changes.get("client_id", contract.client_id) != contract.client_id:
        get_client(ctx, changes["client_id"])
    after = {name: changes.get(name, getattr(contract, name)) for name in ("currency", "start_on", "end_on", "billed_until")}
    _check(**after)
    _refuse_billed(ctx, contract, changes)
    if changes.get("status") == "active":
        _check_lines(ctx, contract)
    _check_terms(contract, changes)
    apply_changes(ctx, contract, changes, version, kind="contract", label=contract.name)
    refuse_other_amount(ctx, contract)
    return contract


def _check_terms(contract: Contract, changes: Mapping[str, Any]) -> None:
    usual = {"po_number": None, "po_amount": None, "renewal_mode": "none", "renewal_months": None, "end_on": None}
    terms = {name: changes.get(name, getattr(contract, name) or blank) for name, blank in usual.items()}
    if problems := check_terms(terms):
        raise InvalidInput(errors=problems)


def _refuse_billed(ctx: CallContext, contract: Contract, changes: Mapping[str, Any]) -> None:
    lines = ctx.session.scalars(select(ContractLine.id).where(ContractLine.contract_id == contract.id)).all()
    frozen = [name for name in _FROZEN if changes.get(name, getattr(contract, name)) != getattr(contract, name)]
    back = changes.get("status", contract.status) != contract.status and contract.status == "active"
    if (frozen or back) and ever_billed(ctx, lines):
        words = ", ".join(_FROZEN[name] for name in frozen) or "that it is active"
        raise PeriodsBilled(
            f"This contract was billed: {words} cannot change. End it, and draw up another from the next day on.",
            errors=dict.fromkeys(frozen, "Billed already."),
        )
    if changes.get("end_on", contract.end_on) != contract.end_on:
        move_ends_of(ctx, contract.id, changes["end_on"])


def _check_lines(ctx: CallContext, contract: Contract) -> None:
    if contract.status == "draft" and not read_agreed(ctx, Contract.id == contract.id):
        raise InvalidInput("A contract without lines bills nothing. Add a line first.")


def activate_contract(ctx: CallContext, contract_id: UUID) -> Contract:
    """Let a draft be billed. Raises InvalidInput when it has no lines."""
    return change_contract(ctx, contract_id, {"status": "active"})


def end_contract(ctx: CallContext, contract_id: UUID, *, end_on: date) -> Contract:
    """Set the last day of a contract. Raises PeriodsBilled when later days are billed already."""
    return change_contract(ctx, contract_id, {"end_on": end_on})


def delete_contract(ctx: CallContext, contract_id: UUID) -> None:
    """Remove a contract that was never billed, with its lines. Raises PeriodsBilled, StillInUse."""
    begin_change(ctx)
    contract = get_contract(ctx, contract_id)
    lines = [one.line.id for one in read_agreed(ctx, Contract.id == contract_id)]
    if ever_billed(ctx, lines):
        raise PeriodsBilled("This contract was billed. End it instead.")
    refs = [Ref("contract", contract_id), *(Ref("contract_line", one) for one in lines)]
    own = usage_records.line_blockers(ctx, refs[1:])
    refuse_if_needed(ctx, refs, own, f"{contract.name} cannot be deleted.", ["end"])
    audit.record(ctx, "contract.deleted", kind="contract", row_id=contract_id, label=contract.name)
    ctx.session.delete(contract)
    ctx.session.flush()


def _check(currency: str, start_on: date, end_on: date | None, billed_until: date | None) -> None:
    check_days(start_on=start_on, billed_until=billed_until)
    if end_on is not None and end_on < start_on:
        raise InvalidInput(errors={"end_on": "The last day is before the first."})
    check_currency(currency)
