"""What the room of parcels answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.screen import Card, PaletteEntry, Panel
from kernel.hookspecs.start import JobType, NavEntry
from kernel.web.pages import Pages
from tests.kernel.web_room import pages


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("desk", "Parcels", "/parcels", "parcel.read", "package"),
            NavEntry("settings", "Parcel rules", "/parcels/rules", "parcel.send", "settings")]  # fmt: skip


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [JobType("web_room.count", "Count parcels", pages.count_parcels)]


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return [Panel("History", f"/parcels/history/{ref.id}", "parcel.read")]


@hookimpl
def collect_cards(ctx: CallContext) -> Sequence[Card]:
    return [Card("/parcels/card", "parcel.read")]


@hookimpl
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    return [PaletteEntry(f"Parcel {text}", "/parcels/1", "Parcel")]


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return {ref: Label("Contoso GmbH", f"/clients/{ref.id}") for ref in refs if ref.kind == "client"}
