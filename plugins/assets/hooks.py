"""The assets room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.screen import Card, PaletteEntry, Panel
from kernel.hookspecs.start import EventType, NavEntry
from kernel.hookspecs.transfer import Importer
from plugins.assets import answers, importers, pages, routes
from plugins.assets.schemas import AssetEvent

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("clients", "Assets", "/assets", "asset.read", "devices", 30)]


@hookimpl
def register_events() -> Sequence[EventType]:
    return [
        EventType("asset.added", "An asset was taken in.", AssetEvent),
        EventType("asset.changed", "An asset's facts or state changed.", AssetEvent),
    ]


@hookimpl
def register_importers() -> Sequence[Importer]:
    return importers.IMPORTERS


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs)


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return answers.blockers(ctx, refs)


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return answers.panels(ref)


@hookimpl
def collect_cards(ctx: CallContext) -> Sequence[Card]:
    return [Card("/assets/card", "asset.read", 60, 4)]


@hookimpl
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    return answers.palette(ctx, text)
