"""The clients room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.screen import PaletteEntry
from kernel.hookspecs.start import HostFunction, HostInterface, NavEntry
from kernel.hookspecs.transfer import Importer
from plugins.crm import answers, host, importers, pages, routes

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
    return [
        NavEntry("clients", "Clients", "/clients", "client.read", "building", 10),
        NavEntry("clients", "Contacts", "/contacts", "client.read", "address-book", 20),
    ]


@hookimpl
def register_host_interfaces() -> Sequence[HostInterface]:
    return [host.CLIENTS]


@hookimpl
def register_host_functions() -> Sequence[HostFunction]:
    return host.HOST_FUNCTIONS


@hookimpl
def register_importers() -> Sequence[Importer]:
    return importers.IMPORTERS


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs)


@hookimpl
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    return answers.palette(ctx, text)
