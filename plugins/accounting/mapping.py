"""Mappings: what ours is called in an accounting system. An item goes by its own mapping, its category's, then the default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.hookspecs.accounting import CUSTOMER, DEFAULT, External
from kernel.ids import uuid7
from plugins.accounting.errors import MappingInvalid
from plugins.accounting.links import drop_link, put_link
from plugins.accounting.models import Link, MappingRow, Target
from plugins.accounting.targets import system_of

if TYPE_CHECKING:
    from kernel.context import CallContext


class Mapped(NamedTuple):
    """What something of ours is called there, and whether that holds for one company only."""

    external_id: str
    name: str
    own: bool


class Mappings:
    """All mappings of a target; those of its company go before those of the system."""

    def __init__(self, rows: Iterable[MappingRow]) -> None:
        self._found: dict[tuple[str, str], Mapped] = {}
        for row in sorted(rows, key=lambda one: one.realm is not None):
            self._found[row.kind, row.our_key] = Mapped(row.external_id, row.external_name, row.realm is not None)

    def own(self, kind: str, key: str) -> Mapped | None:
        """The mapping of exactly this key."""
        return self._found.get((kind, key))

    def find(self, kind: str, key: str) -> Mapped | None:
        """The mapping of a key, else the default of its kind."""
        return self.own(kind, key) or self.own(kind, DEFAULT)

    def item(self, item_id: UUID | None, category_id: UUID | None) -> Mapped | None:
        """The mapping of an item: its own, its category's, then the default."""
        by_category = self.own("category", str(category_id)) if category_id else None
        return (self.own("item", str(item_id)) if item_id else None) or by_category or self.own("item", DEFAULT)

    def kind(self, kind: str) -> Mapping[str, Mapped]:
        """All of a kind, by our keys."""
        return {key: found for (one, key), found in self._found.items() if one == kind}


def read_mappings(ctx: CallContext, target: Target) -> Mappings:
    """All mappings that hold for a target, in one query."""
    realm = MappingRow.realm.is_(None) if target.realm is None else or_(MappingRow.realm.is_(None),
                                                                        MappingRow.realm == target.realm)  # fmt: skip
    return Mappings(ctx.session.scalars(select(MappingRow).where(MappingRow.system == target.system, realm)))


def set_mapping(ctx: CallContext, target: Target, kind: str, our_key: str, external_id: str, name: str = "",
                *, everywhere: bool = False) -> None:  # fmt: skip
    """Say what ours is called in the books of a target, or `everywhere` in all companies of its system; empty takes it back.

    A client of connected books becomes a link: one customer is one client. Raises MappingInvalid, LinkTaken.
    """
    _check(ctx, target, kind, our_key)
    wanted = external_id.strip()
    if len(wanted) > 500:
        raise MappingInvalid(errors={"external_id": "At most 500 characters."})
    if kind == CUSTOMER and target.realm is not None:
        _set_customer(ctx, target, _client_id(our_key), External(wanted, name=name))
    elif wanted:
        _write(ctx, target, kind, our_key, wanted, name, None if everywhere else target.realm)
    else:
        realm = MappingRow.realm.is_(None) if everywhere or target.realm is None else MappingRow.realm == target.realm
        ctx.session.execute(delete(MappingRow).where(
            MappingRow.system == target.system, MappingRow.kind == kind, MappingRow.our_key == our_key, realm
        ))  # fmt: skip
    audit.record(ctx, "accounting_mapping.set", kind="accounting.target", row_id=target.id, label=target.name,
                 changes={"kind": kind, "ours": our_key, "theirs": name or wanted})  # fmt: skip


def _check(ctx: CallContext, target: Target, kind: str, our_key: str) -> None:
    system = system_of(ctx, target)
    asked = {*system.maps, *(["category"] if "item" in system.maps else []), *(["account"] if system.accounts else [])}
    if kind not in asked:
        raise MappingInvalid(errors={"kind": f"{system.title} maps {', '.join(sorted(asked)) or 'nothing'}."})
    if not 1 <= len(our_key) <= 500:
        raise MappingInvalid(errors={"our_key": "Name what shall be mapped, in at most 500 characters."})
    if kind in ("item", "category", "client", "term") and our_key != DEFAULT:
        _client_id(our_key)


def _client_id(our_key: str) -> UUID:
    try:
        return UUID(our_key)
    except ValueError as error:
        raise MappingInvalid(errors={"our_key": "This is no id."}) from error


def _set_customer(ctx: CallContext, target: Target, client_id: UUID, external: External) -> None:
    if not external.id:
        drop_link(ctx, target.id, CUSTOMER, client_id)
        return
    put_link(ctx, target.id, CUSTOMER, client_id, external)


def _write(ctx: CallContext, target: Target, kind: str, our_key: str, external_id: str, name: str, realm: str | None) -> None:
    row = {"tenant_id": ctx.tenant_id, "id": uuid7(), "system": target.system, "realm": realm, "kind": kind, "our_key": our_key,
           "external_id": external_id, "external_name": name, "created_at": ctx.now()}  # fmt: skip
    fresh = insert(MappingRow).values(row)
    ctx.session.execute(fresh.on_conflict_do_update(
        index_elements=["tenant_id", "system", "kind", "our_key", "realm"],
        set_={"external_id": fresh.excluded.external_id, "external_name": fresh.excluded.external_name,
              "version": MappingRow.version + 1, "updated_at": ctx.now()},
    ))  # fmt: skip


def customers_of(ctx: CallContext, target: Target) -> dict[UUID, Link]:
    """The clients that the books of a target know, by client."""
    return {one.our_id: one for one in ctx.session.scalars(
        select(Link).where(Link.target_id == target.id, Link.kind == CUSTOMER)
    )}  # fmt: skip
