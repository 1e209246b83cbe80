"""Places of the web app that installed extensions fill: which there are, and the frame that stands in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Text, func, select
from sqlalchemy.dialects.postgresql import JSONB

from kernel.context import CallContext
from kernel.hookspecs.directory import Ref
from kernel.hookspecs.screen import Card, PageLink, PaletteEntry, Panel
from plugins.extensions.errors import SlotNotFound
from plugins.extensions.models import SERVING, Install, Release
from plugins.extensions.publishing.manifest import read_manifest
from plugins.extensions.publishing.manifest_parts import Slot
from plugins.extensions.services import get_install
from plugins.extensions.slots.assets import Place, folder_of

USE, MANAGE = "extension.use", "extension.manage"
BESIDE: Mapping[str, str] = {"ticket": "ticket_panel", "client": "client_tab", "invoice": "invoice_action"}
"""The slot that is shown beside a row of this kind."""
_PANELS = ("ticket", "client")


@dataclass(frozen=True, slots=True)
class Filled:
    """A slot of an installed extension; `position` is its place in the manifest's `ui`."""

    install_id: UUID
    extension: str
    digest: bytes
    position: int
    slot: str
    title: str
    entry: str

    @property
    def url(self) -> str:
        return f"/apps/{self.install_id}/{self.position}"

    @property
    def permission(self) -> str:
        """Settings are for who manages extensions, everything else for who may use them."""
        return MANAGE if self.slot == "settings" else USE


@dataclass(frozen=True, slots=True)
class Frame:
    """What the page around needs to show a slot: the document, where its calls go, and what it is told at the start."""

    title: str
    source: str
    calls: str
    welcome: str


def filled_slots(ctx: CallContext, slot: str | None = None) -> list[Filled]:
    """What installed extensions that serve show, of one kind or of all, by title; pages only, no settings from a schema."""
    has_ui = func.coalesce(func.jsonb_array_length(Release.manifest.op("->", return_type=JSONB)("ui")), 0) > 0
    serving = (Release.tenant_id == Install.tenant_id) & (Release.id == Install.release_id)
    wanted = select(Install.id, Release.title, Release.files_digest, Release.manifest.cast(Text))
    rows = ctx.session.execute(wanted.join(Release, serving).where(Install.state.in_(SERVING), has_ui)).all()
    found = [one for row in rows for one in _slots_of(*row)]
    return sorted((one for one in found if slot in (None, one.slot)), key=lambda one: (one.title, one.install_id, one.position))


def _slots_of(install_id: UUID, extension: str, digest: bytes, manifest: str) -> list[Filled]:
    return [
        Filled(install_id, extension, digest, position, one.slot, one.title, one.entry)
        for position, one in enumerate(_ui_of(manifest))
        if one.entry is not None
    ]


@lru_cache(maxsize=256)
def _ui_of(manifest: str) -> tuple[Slot, ...]:
    return read_manifest(manifest.encode()).ui


def get_slot(ctx: CallContext, install_id: UUID, position: int | None, on: Ref | None = None) -> Filled:
    """The slot at an address. Raises InstallNotFound, and SlotNotFound where there is no such slot, none beside such a row, or
    no such row.
    """
    get_install(ctx, install_id)
    known = (one for one in filled_slots(ctx) if (one.install_id, one.position) == (install_id, position))
    slot = next(known, None)
    fits = slot is not None and (BESIDE.get(on.kind) == slot.slot if on else slot.slot not in BESIDE.values())
    if slot is None or not fits or (on is not None and not _is_there(ctx, on)):
        raise SlotNotFound("The extension shows nothing at this address.")
    ctx.require(slot.permission)
    return slot


def _is_there(ctx: CallContext, ref: Ref) -> bool:
    return any(ref in labels for labels in ctx.hooks.describe(ctx=ctx, refs=[ref]))


def frame_of(ctx: CallContext, slot: Filled, locale: str, on: Ref | None = None) -> Frame:
    """The frame for a slot, beside a row or by itself."""
    told = {"slot": slot.slot, "installId": str(slot.install_id), "locale": locale,
            "on": {"kind": on.kind, "id": str(on.id)} if on else None}  # fmt: skip
    folder = folder_of(ctx.kernel, Place(ctx.tenant_id, slot.install_id, slot.digest))
    return Frame(slot.title, folder + slot.entry, f"/x/{slot.install_id}/", orjson.dumps(told).decode())


def panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    """Tabs beside tickets and clients."""
    if ref.kind not in _PANELS:
        return []
    return [Panel(one.title, f"{one.url}/panel/{ref.kind}/{ref.id}", USE, 200) for one in filled_slots(ctx, BESIDE[ref.kind])]


def links(ctx: CallContext, ref: Ref) -> Sequence[PageLink]:
    """Actions of invoices."""
    if ref.kind != "invoice":
        return []
    return [PageLink(one.title, f"{one.url}/on/invoice/{ref.id}", USE) for one in filled_slots(ctx, "invoice_action")]


def cards(ctx: CallContext) -> Sequence[Card]:
    """Widgets of the overview."""
    return [Card(f"{one.url}/card", USE, 200, 4) for one in filled_slots(ctx, "dashboard_widget")]


def palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    """Pages of extensions whose title has the text in it."""
    if not ctx.actor.may(USE):
        return []
    sought = text.strip().lower()
    found = (one for one in filled_slots(ctx, "app") if sought in f"{one.title} {one.extension}".lower())
    return [PaletteEntry(one.title, one.url, one.extension) for one in found][:8]


def tiles(ctx: CallContext) -> list[dict[str, Any]]:
    """The pages of extensions, for the list of them."""
    return [{"title": one.title, "extension": one.extension, "url": one.url} for one in filled_slots(ctx, "app")]
