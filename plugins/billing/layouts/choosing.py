"""Which layout prints which invoice: the choice for the client and kind of document, else the closest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import case, func, literal, null, or_, select, union_all

from kernel import audit
from kernel.db import among, fetch_rows
from kernel.directory.clients import get_clients
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from plugins.billing.layouts.errors import LayoutChoiceNotFound, LayoutInUse, LayoutNotFound, LayoutRendererMissing
from plugins.billing.layouts.standards import DEFAULT
from plugins.billing.layouts.store import get_layout, lay_out_known, own_layout, switched_off
from plugins.billing.models import Invoice, Layout, LayoutChoice, LayoutVersion

if TYPE_CHECKING:
    from kernel.context import CallContext

_CHOSEN = (LayoutChoice.tenant_id == Layout.tenant_id) & (LayoutChoice.layout_id == Layout.id)
_IN_FORCE = (
    (LayoutVersion.tenant_id == Layout.tenant_id)
    & (LayoutVersion.layout_id == Layout.id)
    & (LayoutVersion.number == Layout.current)
)
KINDS = ("invoice", "credit_note", "prepayment")
For = tuple[UUID | None, str | None]
"""A client or all, a kind of document or all."""


class Chosen(NamedTuple):
    """By invoice, the version of the layout that prints it now; by version, the key of an extension's layout, of which nothing
    is known before the extension was asked.
    """

    versions: Mapping[UUID, UUID]
    asked: Mapping[UUID, str]


class _Found(NamedTuple):
    versions: dict[For, UUID]
    asked: dict[UUID, str]
    standard: UUID | None


def chosen_versions(ctx: CallContext, invoices: Sequence[Invoice]) -> Chosen:
    """What prints these invoices, in a fixed number of queries."""
    found = _choices(ctx, {one.client_id for one in invoices})
    return Chosen({one.id: closest_of(found.versions, one.client_id, one.kind) for one in invoices}, found.asked)


def instead_of(ctx: CallContext, client_id: UUID, kind: str) -> UUID:
    """The version that prints where an extension does not: that of the next closest choice."""
    found = _choices(ctx, {client_id})
    plain = {one: version for one, version in found.versions.items() if version not in found.asked}
    return closest_of({(None, None): found.standard, **plain}, client_id, kind)  # type: ignore[dict-item]


def _choices(ctx: CallContext, client_ids: set[UUID]) -> _Found:
    found = _find_choices(ctx, client_ids)
    if found.standard is None:
        lay_out_known(ctx)
        found = _find_choices(ctx, client_ids)
    return found


def _find_choices(ctx: CallContext, client_ids: set[UUID]) -> _Found:
    """The versions in force of every choice that may be meant; for all, without a choice, that of the house's own layout."""
    meant = or_(LayoutChoice.client_id.is_(None), among(LayoutChoice.client_id, client_ids))
    asked = case((Layout.origin == "extension", Layout.key)).label("asked")
    chosen = (
        select(LayoutChoice.client_id, LayoutChoice.kind, LayoutVersion.id, asked, literal(1).label("rank"))
        .select_from(LayoutChoice).join(Layout, _CHOSEN).join(LayoutVersion, _IN_FORCE).where(meant)
    )  # fmt: skip
    standard = (
        select(null(), null(), LayoutVersion.id, null(), literal(0)).select_from(Layout).join(LayoutVersion, _IN_FORCE)
        .where(Layout.key == DEFAULT)
    )  # fmt: skip
    rows = sorted(fetch_rows(ctx.session, union_all(chosen, standard)), key=lambda row: row["rank"])
    return _Found(
        {(row["client_id"], row["kind"]): row["id"] for row in rows},
        {row["id"]: row["asked"] for row in rows if row["asked"]},
        next((row["id"] for row in rows if row["rank"] == 0), None),
    )


def closest_of(found: Mapping[For, UUID], client_id: UUID, kind: str) -> UUID:
    """A choice for the client goes before one for the kind."""
    order: tuple[For, ...] = ((client_id, kind), (client_id, None), (None, kind), (None, None))
    return next(found[one] for one in order if one in found)


def first_version(ctx: CallContext) -> UUID:
    """The first version of the house's own layout: it prints what became final before layouts were kept."""
    lay_out_known(ctx)
    here = (LayoutVersion.tenant_id == Layout.tenant_id) & (LayoutVersion.layout_id == Layout.id)
    wanted = select(LayoutVersion.id).join(Layout, here).where(Layout.key == DEFAULT).order_by(LayoutVersion.number).limit(1)
    return ctx.session.scalars(wanted).one()


def list_choices(ctx: CallContext) -> list[LayoutChoice]:
    """Every choice: for all first, then for kinds, then for clients."""
    return sorted(ctx.session.scalars(select(LayoutChoice)), key=lambda one: (one.client_id is not None, str(one.client_id),
                                                                             one.kind or ""))  # fmt: skip


def choose_layout(ctx: CallContext, *, layout_id: UUID, client_id: UUID | None = None, kind: str | None = None) -> LayoutChoice:
    """Let a layout print the documents of a client (None: of all) of a kind (None: all kinds); replaces the choice there.

    Raises LayoutNotFound, and InvalidInput by field.
    """
    layout = _choosable(ctx, layout_id)
    if client_id is not None and client_id not in get_clients(ctx, [client_id]):
        raise InvalidInput(errors={"client_id": "There is no client with this id."})
    if kind is not None and kind not in KINDS:
        raise InvalidInput(errors={"kind": f"One of {', '.join(KINDS)}, or nothing for all."})
    same = LayoutChoice.client_id.is_not_distinct_from(client_id) & LayoutChoice.kind.is_not_distinct_from(kind)
    choice = ctx.session.scalar(select(LayoutChoice).where(same).with_for_update())
    if choice is None:
        choice = LayoutChoice(id=uuid7(), layout_id=layout_id, client_id=client_id, kind=kind, created_at=ctx.now())
        ctx.session.add(choice)
    choice.layout_id = layout_id
    ctx.session.flush()
    audit.record(ctx, "invoice_layout.chosen", kind="billing.layout", row_id=layout.id, label=layout.name,
                 changes={"client_id": str(client_id or ""), "kind": kind or ""})  # fmt: skip
    return choice


def _choosable(ctx: CallContext, layout_id: UUID) -> Layout:
    try:
        layout = get_layout(ctx, layout_id)
    except LayoutNotFound as error:
        raise LayoutNotFound(error.detail, errors={"layout_id": error.detail}) from error
    if layout in switched_off(ctx, [layout]):
        words = f"What gives {layout.name} is switched off or gone."
        raise LayoutRendererMissing(words, errors={"layout_id": words})
    return layout


def drop_choice(ctx: CallContext, choice_id: UUID) -> None:
    """Let the next closest choice hold again. Raises LayoutChoiceNotFound."""
    choice = ctx.session.scalar(select(LayoutChoice).where(LayoutChoice.id == choice_id))
    if choice is None:
        raise LayoutChoiceNotFound("There is no choice with this id.")
    layout = get_layout(ctx, choice.layout_id)
    ctx.session.delete(choice)
    ctx.session.flush()
    audit.record(ctx, "invoice_layout.choice_dropped", kind="billing.layout", row_id=layout.id, label=layout.name)


def count_printed(ctx: CallContext) -> dict[UUID, int]:
    """By layout, how many final invoices it has printed."""
    version = (LayoutVersion.tenant_id == Invoice.tenant_id) & (LayoutVersion.id == Invoice.layout_version_id)
    rows = ctx.session.execute(
        select(LayoutVersion.layout_id, func.count()).select_from(Invoice).join(LayoutVersion, version)
        .group_by(LayoutVersion.layout_id)
    )  # fmt: skip
    return {layout_id: int(count) for layout_id, count in rows}


def delete_layout(ctx: CallContext, layout_id: UUID) -> None:
    """Remove an own layout. Raises LayoutNotFound, LayoutFixed, and LayoutInUse saying where it is chosen or what it printed."""
    layout = own_layout(ctx, layout_id)
    if uses := _uses(ctx, layout):
        raise LayoutInUse(f"{layout.name} is {' and '.join(uses)}.")
    ctx.session.delete(layout)
    ctx.session.flush()
    audit.record(ctx, "invoice_layout.deleted", kind="billing.layout", row_id=layout.id, label=layout.name)


def _uses(ctx: CallContext, layout: Layout) -> list[str]:
    chosen = [one for one in list_choices(ctx) if one.layout_id == layout.id]
    clients = get_clients(ctx, [one.client_id for one in chosen if one.client_id])
    names: list[Any] = [clients[one.client_id].name if one.client_id else one.kind or "everybody" for one in chosen]
    printed = count_printed(ctx).get(layout.id, 0)
    found = [f"chosen for {', '.join(names[:5])}{' and others' if len(names) > 5 else ''}"] if names else []
    return found + ([f"what {printed} final invoices are printed by"] if printed else [])
