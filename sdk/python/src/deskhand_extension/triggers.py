"""What an extension may export besides its handler, as its manifest says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something that happened in the tenant. The same `id` may come again: an event is told at least once.

    `name` is one such as `ticket.opened`, `occurred_at` RFC 3339 in UTC.
    """

    id: str
    name: str
    occurred_at: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class ChargeWindow:
    """Business dates (`YYYY-MM-DD`) in the tenant's time zone, `end` not included, and the clients that are billed."""

    start: str
    end: str
    client_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One thing that a client owes; each `idempotency_key` is billed once.

    `quantity` is decimal text above zero with at most four places. `rate` is the price of one in minor units of
    `currency_code`; without both, `service_id` is set and its price counts. `charged_on` is the window's last day unless given.
    """

    client_id: str
    description: str
    quantity: str
    idempotency_key: str
    service_id: str | None = None
    rate: int | None = None
    currency_code: str | None = None
    charged_on: str | None = None
