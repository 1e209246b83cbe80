"""Layouts as a tenant keeps them: standard ones, those of other rooms, and own ones in versions that never change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.errors import InvalidInput, PreconditionFailed
from kernel.ids import uuid7
from plugins.billing.layouts.document import FORMAT, Document, check_document, image_ids
from plugins.billing.layouts.errors import (
    LayoutFixed,
    LayoutImageNotFound,
    LayoutNotFound,
    LayoutVersionNotFound,
)
from plugins.billing.layouts.standards import STANDARDS, TITLES
from plugins.billing.models import Layout, LayoutImage, LayoutVersion

if TYPE_CHECKING:
    from kernel.context import CallContext

LONGEST_NAME = 100
MOST_LISTED = 200


def find_layouts(ctx: CallContext) -> list[Layout]:
    """Every layout that can be chosen, standard ones first; those that the house has not laid out yet are."""
    lay_out_known(ctx)
    order = {"standard": 0, "code": 1, "extension": 2, "own": 3}
    return sorted(ctx.session.scalars(select(Layout)), key=lambda one: (order[one.origin], one.name_key))


def switched_off(ctx: CallContext, layouts: Iterable[Layout]) -> list[Layout]:
    """Those among the layouts whose room or extension is switched off or gone: they print nothing new."""
    here = known_documents(ctx)
    return [one for one in layouts if one.key is not None and one.key not in here]


def get_layout(ctx: CallContext, layout_id: UUID) -> Layout:
    """One layout. Raises LayoutNotFound."""
    found = ctx.session.scalar(select(Layout).where(Layout.id == layout_id))
    if found is None:
        raise LayoutNotFound("There is no layout with this id.")
    return found


def own_layout(ctx: CallContext, layout_id: UUID, version: int | None = None) -> Layout:
    """A layout that may be changed, held for this transaction. Raises LayoutNotFound, LayoutFixed, PreconditionFailed."""
    wanted = select(Layout).where(Layout.id == layout_id).with_for_update()
    found = ctx.session.scalar(wanted, execution_options={"populate_existing": True})
    if found is None:
        raise LayoutNotFound("There is no layout with this id.")
    if found.origin != "own":
        raise LayoutFixed(f"{found.name} comes with Deskhand or another room. Clone it and change the clone.")
    if version is not None and found.version != version:
        raise PreconditionFailed("Somebody else changed this meanwhile. Load it again and repeat the change.")
    return found


def list_versions(ctx: CallContext, layout_id: UUID) -> list[LayoutVersion]:
    """The versions of a layout, the latest first, at most 200: an extension may give each invoice one of its own."""
    wanted = select(LayoutVersion).where(LayoutVersion.layout_id == layout_id).order_by(LayoutVersion.number.desc())
    return list(ctx.session.scalars(wanted.limit(MOST_LISTED)))


def get_version(ctx: CallContext, layout_id: UUID, number: int) -> LayoutVersion:
    """One version. Raises LayoutVersionNotFound."""
    wanted = select(LayoutVersion).where(LayoutVersion.layout_id == layout_id, LayoutVersion.number == number)
    found = ctx.session.scalar(wanted)
    if found is None:
        raise LayoutVersionNotFound(f"This layout has no version {number}.")
    return found


def version_in_force(ctx: CallContext, layout: Layout) -> LayoutVersion:
    """The version by which the layout prints now."""
    return get_version(ctx, layout.id, layout.current)


def document_of(ctx: CallContext, layout: Layout) -> Document:
    """What is being edited, else what is in force."""
    return layout.draft if layout.draft is not None else version_in_force(ctx, layout).document


def create_layout(ctx: CallContext, *, name: str, document: Any) -> Layout:
    """A layout of one's own with its first version. Raises LayoutInvalid, LayoutImageNotFound, InvalidInput, Conflict."""
    checked = _checked(ctx, document)
    layout = Layout(id=uuid7(), name=_checked_name(name), origin="own", current=1)
    ctx.session.add(layout)
    ctx.session.flush()
    _add_version(ctx, layout, checked)
    _note(ctx, layout, "created")
    return layout


def clone_layout(ctx: CallContext, layout_id: UUID, name: str) -> Layout:
    """A copy under another name, as what is in force there. Raises LayoutNotFound, LayoutFixed for those made by programs."""
    original = get_layout(ctx, layout_id)
    if original.origin in ("code", "extension"):
        raise LayoutFixed(f"{original.name} is made by a program and cannot be cloned.")
    return create_layout(ctx, name=name, document=version_in_force(ctx, original).document)


def rename_layout(ctx: CallContext, layout_id: UUID, name: str, version: int | None = None) -> Layout:
    """Raises LayoutNotFound, LayoutFixed, InvalidInput, Conflict for a name that is taken."""
    layout = own_layout(ctx, layout_id, version)
    before, layout.name = layout.name, _checked_name(name)
    ctx.session.flush()
    _note(ctx, layout, "renamed", before=before)
    return layout


def save_draft(ctx: CallContext, layout_id: UUID, document: Any, version: int | None = None) -> Layout:
    """Keep what is being edited; nothing prints by it until it is published. Raises LayoutInvalid and as `own_layout`."""
    layout = own_layout(ctx, layout_id, version)
    checked = _checked(ctx, document)
    layout.draft = None if digest_of(checked) == version_in_force(ctx, layout).digest else checked
    ctx.session.flush()
    return layout


def discard_draft(ctx: CallContext, layout_id: UUID) -> Layout:
    """Forget what was edited since the version in force."""
    layout = own_layout(ctx, layout_id)
    layout.draft = None
    ctx.session.flush()
    return layout


def publish_layout(ctx: CallContext, layout_id: UUID, version: int | None = None) -> Layout:
    """Let the draft be the next version; from now on drafts and new invoices print by it. Without a draft nothing happens."""
    layout = own_layout(ctx, layout_id, version)
    if layout.draft is not None:
        _put_in_force(ctx, layout, layout.draft)
        _note(ctx, layout, "published", number=layout.current)
    return layout


def change_document(ctx: CallContext, layout_id: UUID, document: Any, version: int | None = None) -> Layout:
    """Save and publish at once. Raises LayoutInvalid and as `own_layout`."""
    layout = save_draft(ctx, layout_id, document, version)
    return publish_layout(ctx, layout.id)


def restore_version(ctx: CallContext, layout_id: UUID, number: int) -> Layout:
    """Let an earlier version be in force again, as a new one. Raises LayoutVersionNotFound and as `own_layout`."""
    layout = own_layout(ctx, layout_id)
    _put_in_force(ctx, layout, get_version(ctx, layout_id, number).document)
    _note(ctx, layout, "restored", number=number)
    return layout


def _put_in_force(ctx: CallContext, layout: Layout, document: Document) -> None:
    layout.current = max(one.number for one in list_versions(ctx, layout.id)) + 1
    layout.draft = None
    _add_version(ctx, layout, document)


def _add_version(ctx: CallContext, layout: Layout, document: Document) -> None:
    ctx.session.add(LayoutVersion(layout_id=layout.id, number=layout.current, document=document, digest=digest_of(document),
                                  made_by=ctx.actor.name, created_at=ctx.now()))  # fmt: skip
    ctx.session.flush()


def _note(ctx: CallContext, layout: Layout, done: str, **changes: Any) -> None:
    audit.record(ctx, f"invoice_layout.{done}", kind="billing.layout", row_id=layout.id, label=layout.name, changes=changes)


def _checked_name(name: str) -> str:
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise InvalidInput(errors={"name": f"Write 1 to {LONGEST_NAME} characters."})
    return name.strip()


def _checked(ctx: CallContext, document: Any) -> Document:
    return with_pictures_here(ctx, check_document(document))


def with_pictures_here(ctx: CallContext, checked: Document) -> Document:
    """The layout, if the tenant has every picture that it prints. Raises LayoutImageNotFound."""
    wanted = image_ids(checked)
    found = set(ctx.session.scalars(select(LayoutImage.id).where(LayoutImage.id.in_(wanted)))) if wanted else set()
    if missing := wanted - found:
        raise LayoutImageNotFound(f"There is no picture {min(map(str, missing))}. Upload it first.")
    return checked


def digest_of(document: Mapping[str, Any]) -> str:
    """What tells two documents apart."""
    return sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def known_documents(ctx: CallContext) -> dict[str, tuple[str, str, Document]]:
    """By key: origin, name and document of the standard layouts, of those that switched-on rooms print by code, and of those
    that extensions give.
    """
    known = {key: ("standard", TITLES[key][0].message, document) for key, document in STANDARDS.items()}
    for answer in ctx.hooks.register_invoice_layouts():
        known |= {one.key: ("code", one.title, {"format": FORMAT, "code": one.key}) for one in answer}
    for answer in ctx.hooks.collect_invoice_layouts(ctx=ctx):
        known |= {one.key: ("extension", one.title, {"format": FORMAT, "extension": one.key}) for one in answer}
    return known


def lay_out_known(ctx: CallContext) -> None:
    """Give the tenant rows of the layouts that come with the house and its rooms, and new versions of those that changed."""
    known = known_documents(ctx)
    kept = {row.key: row.digest for row in ctx.session.execute(_digests(known))}
    stale = {key: one for key, one in known.items() if kept.get(key) != digest_of(one[2])}
    if stale:
        _lay_out(ctx, stale)


def _digests(keys: Iterable[str]) -> Any:
    now = (LayoutVersion.tenant_id == Layout.tenant_id) & (LayoutVersion.layout_id == Layout.id)
    return select(Layout.key, LayoutVersion.digest).join(LayoutVersion, now & (LayoutVersion.number == Layout.current)).where(
        Layout.key.in_(list(keys)))  # fmt: skip


def _lay_out(ctx: CallContext, stale: Mapping[str, tuple[str, str, Document]]) -> None:
    """Two calls may meet here: the second waits for the first, and finds its rows."""
    taken = set(ctx.session.scalars(select(Layout.name_key)))
    rows = [{"tenant_id": ctx.tenant_id, "id": uuid7(), "origin": origin, "key": key, "name": _free_name(name, taken)}
            for key, (origin, name, _) in sorted(stale.items())]  # fmt: skip
    ctx.session.execute(insert(Layout).values(rows).on_conflict_do_nothing(index_elements=["tenant_id", "key"]))
    wanted = select(Layout).where(Layout.key.in_(list(stale))).order_by(Layout.key).with_for_update()
    for layout in ctx.session.scalars(wanted, execution_options={"populate_existing": True}).all():
        _renew(ctx, layout, stale[layout.key or ""][2])
    ctx.session.flush()


def _renew(ctx: CallContext, layout: Layout, document: Document) -> None:
    versions: Sequence[LayoutVersion] = list_versions(ctx, layout.id)
    if versions and versions[0].digest == digest_of(document):
        return
    layout.current = versions[0].number + 1 if versions else 1
    _add_version(ctx, layout, document)


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or one like it where an own layout is called so."""
    free = next(one for one in (name, *(f"{name} ({at})" for at in range(2, 1000))) if one.lower() not in taken)
    taken.add(free.lower())
    return free
