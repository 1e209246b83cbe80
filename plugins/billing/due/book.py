"""Everything that a batch of clients needs to be priced, read once; and which contract line something belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from kernel.hookspecs.charging import ChargeWindow
from kernel.hookspecs.pricing import ClientPrices, ItemFacts, price_on
from kernel.money import Rounding
from plugins.billing.contracts.agreed import AgreedLine

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Book:
    """The open pages: `currencies` by client, `lines` in the order of printing, `items` and `billed` period keys of contract
    lines by the numbers of their ids (found ten times as fast),
    `places` the names of locations where work was done, `promised` what single clients pay, `worked` the minutes billed
    before by line, person and day, where overtime counts them.
    """

    window: ChargeWindow
    mode: Rounding
    currencies: Mapping[UUID, str]
    lines: list[AgreedLine]
    items: Mapping[int, ItemFacts]
    billed: Mapping[int, Collection[str]] = field(default_factory=dict)
    places: Mapping[UUID, str] = field(default_factory=dict)
    promised: ClientPrices = field(default_factory=dict)
    worked: Mapping[tuple[UUID, str, date], int] = field(default_factory=dict)

    def billed_periods(self, line_id: UUID) -> Collection[str]:
        """Keys of the periods of a line that stand on invoices."""
        return self.billed.get(line_id.int, NOTHING)

    def facts(self, item_id: UUID | None) -> ItemFacts | None:
        """What the catalog says of an item."""
        return None if item_id is None else self.items.get(item_id.int)

    def list_price(self, item_id: UUID | None, currency: str, on: date) -> int | None:
        """The catalog's price of a day in minor units of the currency, if it has one."""
        facts = None if item_id is None else self.items.get(item_id.int)
        return None if facts is None else facts.list_price(currency, on)

    def client_price(self, client_id: UUID, item_id: UUID | None, currency: str, on: date) -> int | None:
        """What a client was promised to pay for an item on a day, in minor units of the currency."""
        prices = self.promised.get((client_id, item_id, currency)) if item_id and self.promised else None
        return price_on(prices, on) if prices else None

    def item_name(self, item_id: UUID | None, otherwise: str) -> str:
        """The catalog's name of an item."""
        facts = self.facts(item_id)
        return otherwise if facts is None else facts.name


class Finder:
    """Finds the contract line of one kind (`hourly`, `usage`) that work or usage belongs to."""

    def __init__(self, lines: Iterable[AgreedLine], kind: str) -> None:
        self.by_id: dict[int, tuple[int, AgreedLine]] = {}
        self.by_client: defaultdict[int, list[tuple[int, AgreedLine]]] = defaultdict(list)
        for place in enumerate(lines):
            line = place[1].line
            self.by_id[line.id.int] = place
            if line.kind == kind:
                self.by_client[place[1].contract.client_id.int].append(place)

    def find(self, client_id: UUID, line_id: UUID | None, item_id: UUID | None, on: date) -> tuple[int, AgreedLine] | None:
        """The line it was booked on, if that is the client's; else the only line in force that day that holds the item;
        else the only one that is for all items. None means that no contract, or more than one, covers it.
        """
        booked = self.by_id.get(line_id.int) if line_id else None
        if booked and booked[1].contract.client_id.int == client_id.int:
            return booked
        in_force = [place for place in self.by_client[client_id.int] if place[1].agreement.active.contains(on)]
        holding = [place for place in in_force if place[1].item(item_id)]
        chosen = holding or [place for place in in_force if not place[1].items]
        return chosen[0] if len(chosen) == 1 else None
