"""The catalog's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.accounting import Ours
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.pricing import ClientPrices, ItemFacts, ItemWanted
from kernel.hookspecs.screen import PaletteEntry, Panel
from kernel.hookspecs.start import HostFunction, HostInterface, NavEntry
from kernel.hookspecs.transfer import Importer
from plugins.catalog import (
    adding,
    answers,
    category_pages,
    client_price_pages,
    client_prices,
    host,
    importers,
    lookups,
    pages,
    routes,
)

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages, category_pages.pages, client_price_pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [
        NavEntry("billing", "Products", "/products", "catalog.read", "package", 50, "Products"),
        NavEntry("billing", "Catalog", "/catalog", "catalog.read", "books", 52, "Products"),
    ]


@hookimpl
def register_host_interfaces() -> Sequence[HostInterface]:
    return [host.SERVICES]


@hookimpl
def register_host_functions() -> Sequence[HostFunction]:
    return host.HOST_FUNCTIONS


@hookimpl
def register_importers() -> Sequence[Importer]:
    return importers.IMPORTERS


@hookimpl
def get_items(ctx: CallContext, item_ids: Sequence[UUID]) -> Mapping[UUID, ItemFacts]:
    return lookups.get_facts(ctx, item_ids)


@hookimpl
def add_items(ctx: CallContext, items: Sequence[ItemWanted]) -> Sequence[UUID | str]:
    return adding.add_items(ctx, items)


@hookimpl
def get_client_prices(ctx: CallContext, client_ids: Sequence[UUID], item_ids: Sequence[UUID]) -> ClientPrices:
    return client_prices.read_client_prices(ctx, client_ids, item_ids)


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return answers.panels(ref)


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs)


@hookimpl
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    return answers.palette(ctx, text)


@hookimpl
def collect_ours(ctx: CallContext, kind: str) -> Sequence[Ours]:
    return answers.ours(ctx, kind)
