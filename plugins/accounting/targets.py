"""Targets: the books that documents are delivered to, and from which day on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select, update

from kernel import audit
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput, NoProvider
from kernel.hookspecs.accounting import AccountingSystem
from kernel.hookspecs.connections import Connection
from plugins.accounting.errors import SystemUnknown, TargetInUse, TargetNotFound, TargetTaken
from plugins.accounting.models import Batch, Link, Target

if TYPE_CHECKING:
    from kernel.context import CallContext

CHANGEABLE = frozenset({"name", "starts_on", "auto_export", "send_payments", "provision", "tax_by", "active"})


def systems_of(ctx: CallContext) -> dict[str, AccountingSystem]:
    """The accounting systems of rooms that the tenant has switched on, by key."""
    found = ctx.kernel.plugins.collect("register_accounting_systems")
    return {one.key: one for plugin, one in found if ctx.hooks.enabled(plugin.name)}


def system_of(ctx: CallContext, target: Target) -> AccountingSystem:
    """The system of a target. Raises SystemUnknown while its room is switched off."""
    return find_system(ctx, target.system)


def find_system(ctx: CallContext, key: str) -> AccountingSystem:
    """Raises SystemUnknown."""
    known = systems_of(ctx)
    if key not in known:
        words = "No room that is switched on brings this accounting system. Switch its room on under Plugins."
        raise SystemUnknown(words, errors={"system": words})
    return known[key]


def connections_of(ctx: CallContext, system: AccountingSystem) -> list[Connection]:
    """The connections by which a system's books can be opened; none for systems that read files."""
    if not system.provider:
        return []
    try:
        return list(ctx.hooks.list_connections(ctx=ctx, provider=system.provider))
    except NoProvider:
        return []


def add_target(ctx: CallContext, *, system: str, starts_on: date, connection_id: UUID | None = None,
               account_id: str = "", name: str = "",
               **options: Any) -> Target:  # fmt: skip
    """Name books to deliver to: the company that a connection opens, by either id. `options`: auto_export, send_payments,
    provision, tax_by.

    Raises SystemUnknown, TargetTaken, and InvalidInput by field.
    """
    brought = find_system(ctx, system)
    books = _books(ctx, brought, connection_id, account_id)
    target = Target(system=system, starts_on=starts_on, name=name.strip() or books.get("account_name") or brought.title,
                    created_at=ctx.now(), **books, **options)  # fmt: skip
    _check(brought, target)
    known = select(Target.id).where(Target.system == system, Target.account_id == books.get("account_id", ""))
    if ctx.session.scalar(known) is not None:
        words = f"{brought.title} {books.get('account_name', '')}".strip() + " is a target already."
        raise TargetTaken(words, errors={"account_id" if brought.provider else "system": words})
    ctx.session.add(target)
    ctx.session.flush()
    audit.record(ctx, "accounting_target.added", kind="accounting.target", row_id=target.id, label=target.name)
    return target


def _books(ctx: CallContext, system: AccountingSystem, connection_id: UUID | None, account_id: str) -> dict[str, Any]:
    if not system.provider:
        if connection_id is not None or account_id:
            raise InvalidInput(errors={"account_id": f"{system.title} is a format of files; it needs no connection."})
        return {}
    found = [
        one for one in connections_of(ctx, system) if one.id == connection_id or (account_id and one.account_id == account_id)
    ]
    if not found:
        raise InvalidInput(errors={"account_id": f"Choose a connection to {system.title}; connect first if there is none."})
    return {"connection_id": found[0].id, "account_id": found[0].account_id, "account_name": found[0].account_name}


def _check(system: AccountingSystem, target: Target) -> None:
    if system.write is not None:
        wrong = [one for one in ("auto_export", "send_payments", "provision") if getattr(target, one)]
        if wrong:
            raise InvalidInput(errors=dict.fromkeys(wrong, f"{system.title} is a format of files; nothing goes there by itself."))
    if target.tax_by == "theirs" and not system.delegates_tax:
        raise InvalidInput(errors={"tax_by": f"{system.title} does not reckon taxes for others."})


def get_target(ctx: CallContext, target_id: UUID, *, lock: bool = False) -> Target:
    """Raises TargetNotFound, also for another tenant's."""
    wanted = select(Target).where(Target.id == target_id)
    target = ctx.session.scalar(wanted.with_for_update() if lock else wanted, execution_options={"populate_existing": lock})
    if target is None:
        raise TargetNotFound("There is no accounting target with this id.")
    return target


def list_targets(ctx: CallContext) -> list[Target]:
    """All targets, in the order in which they were made."""
    return list(ctx.session.scalars(select(Target).order_by(Target.id)))


def targets_of_connection(ctx: CallContext, connection_id: UUID) -> list[Target]:
    """The targets that a connection opens."""
    return list(ctx.session.scalars(select(Target).where(Target.connection_id == connection_id).order_by(Target.id)))


def find_books(ctx: CallContext, system: str, account_id: str) -> Target | None:
    """The target of a company in a system."""
    return ctx.session.scalar(select(Target).where(Target.system == system, Target.account_id == account_id))


def change_target(ctx: CallContext, target_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Target:
    """Change what goes to a target and from when on. Raises TargetNotFound, PreconditionFailed, and InvalidInput by field."""
    target = get_target(ctx, target_id)
    wanted = {name: value for name, value in changes.items() if name in CHANGEABLE}
    apply_changes(ctx, target, wanted, version, kind="accounting.target", label=target.name)
    _check(system_of(ctx, target), target)
    ctx.session.flush()
    return target


def is_used(ctx: CallContext, target_id: UUID) -> bool:
    """Whether there are batches for a target, or something of ours is known there."""
    used = (select(one.id).where(one.target_id == target_id).limit(1) for one in (Batch, Link))
    return any(ctx.session.scalar(one) is not None for one in used)


def remove_target(ctx: CallContext, target_id: UUID) -> None:
    """Remove a target to which nothing was delivered and that has no batches. Raises TargetInUse; pausing is the alternative."""
    target = get_target(ctx, target_id)
    if is_used(ctx, target_id):
        raise TargetInUse(f"{target.name} has batches or documents. Pause it instead.")
    ctx.session.delete(target)
    audit.record(ctx, "accounting_target.removed", kind="accounting.target", row_id=target_id, label=target.name)


def note_currencies(ctx: CallContext, target: Target, currencies: Sequence[str]) -> bool:
    """Keep which currencies the company of a target takes; whether that is news."""
    if sorted(currencies) == target.currencies:
        return False
    ctx.session.execute(update(Target).where(Target.id == target.id).values(currencies=sorted(currencies)))
    ctx.session.refresh(target)
    return True


def keeps(target: Target, currency: str) -> bool:
    """Whether the company of a target takes documents in a currency, as far as anybody knows."""
    return not target.currencies or currency in target.currencies


def halt(ctx: CallContext, target_id: UUID, code: str, detail: str) -> None:
    """Let nothing go out to a target until its connection is in order again; `code` is empty when it is."""
    target = get_target(ctx, target_id, lock=True)
    if (target.halted, target.halted_detail) == (code, detail):
        return
    target.halted, target.halted_detail = code, detail
    action = "halted" if code else "resumed"
    audit.record(ctx, f"accounting_target.{action}", kind="accounting.target", row_id=target_id, label=target.name,
                 changes={"reason": detail} if code else {})  # fmt: skip
