"""What rooms show on each other's pages: panels, dashboard cards, palette entries. Panels load by htmx from their url."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from kernel.hookspecs import hookspec
from kernel.hookspecs.directory import Ref

if TYPE_CHECKING:
    from kernel.context import CallContext


class Panel(NamedTuple):
    """A tab of a detail page; `url` answers an HTML fragment."""

    title: str
    url: str
    permission: str
    weight: int = 100


class Card(NamedTuple):
    """A dashboard card; `url` answers an HTML fragment; `width` in twelfths of the row."""

    url: str
    permission: str
    weight: int = 100
    width: int = 4


class PageLink(NamedTuple):
    """A button at the head of a detail page that leads to another page."""

    title: str
    url: str
    permission: str


class Note(NamedTuple):
    """A word at the head of a detail page. `tone` is `info`, `warning` or `danger`; `title` and `does` are in the reader's
    language, `says` is as it was told. For whoever has `permission`, `url` leads to the page that mends it, and a button `does`
    posts to `act`.
    """

    tone: str
    title: str
    says: str = ""
    permission: str = ""
    url: str = ""
    act: str = ""
    does: str = ""


class PaletteEntry(NamedTuple):
    """One line of the Ctrl-K palette."""

    text: str
    url: str
    hint: str = ""


@hookspec
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    """Collect: give tabs for the detail page of `ref`. Any plugin; once per page view.

    Example: for a client `[Panel("Tickets", f"/tickets/of-client/{ref.id}", "ticket.read", 20)]`.
    """


@hookspec
def collect_notes(ctx: CallContext, ref: Ref) -> Sequence[Note]:
    """Collect: give words for the head of the detail page of `ref`; invoices have them. Any plugin; once per page view.

    Example: `[Note("danger", "QuickBooks Online does not say what it is taxed", "It is closed.", "accounting.manage")]`.
    """


@hookspec
def collect_links(ctx: CallContext, ref: Ref) -> Sequence[PageLink]:
    """Collect: give buttons for the head of the detail page of `ref`; invoices have them. Any plugin; once per page view.

    Example: for an invoice `[PageLink("Send to DATEV", f"/apps/…/on/invoice/{ref.id}", "extension.use")]`.
    """


@hookspec
def collect_cards(ctx: CallContext) -> Sequence[Card]:
    """Collect: give cards of the dashboard. Any plugin; once per view. Example: `[Card("/tickets/card", "ticket.read")]`."""


@hookspec
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    """Collect: find what the typed text may mean, at most eight entries. Any plugin; on each pause while typing.

    Example: `[PaletteEntry("#1042 Printer on fire", "/tickets/…", "Ticket")]`.
    """
