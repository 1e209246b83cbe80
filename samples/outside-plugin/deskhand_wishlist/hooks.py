"""This room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deskhand_wishlist import pages, routes, services
from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Blocker, Ref
from kernel.hookspecs.start import NavEntry

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
    return [NavEntry("clients", "Wishlist", "/wishlist", "wishlist.read", "note", 90)]


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return services.blockers(ctx, refs)
