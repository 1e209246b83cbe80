# Made by `deskhand sdk` from the host functions that plugins register.
"""Things that clients owe and that the next billing run puts on their invoices, with contracts and approved
work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deskhand_extension._wire import Interface

__all__ = [
    "Charge",
    "KeptCharge",
    "create_charges",
]
_host = Interface("charges", __name__)


@dataclass(kw_only=True)
class Charge:
    """One charge; its price comes with its currency, or from the service."""
    client_id: str
    """A UUID."""
    service_id: str | None = None
    """A UUID."""
    description: str
    """1 to 500 characters."""
    quantity: str
    """Decimal text above zero with at most four places."""
    rate: int | None = None
    """From 0 to 1,000,000,000,000."""
    currency_code: str | None = None
    charged_on: str | None = None
    """Today unless given; says in which period it falls. `YYYY-MM-DD`. From 2000-01-01 to 2100-01-01."""
    idempotency_key: str
    """The same key is the same charge. 1 to 255 characters."""


@dataclass(kw_only=True)
class KeptCharge:
    """`created` is false where the key was known, and the charge is left as it was."""
    charge_id: str
    """A UUID."""
    created: bool


def create_charges(charges: Sequence[Charge]) -> Sequence[KeptCharge]:
    """Keep charges for the next billing run.
    `charges`: 1 to 1,000 items.
    Raises HostRefusal without `cap:charge.create`.
    """
    answer: Sequence[KeptCharge] = _host.call("create_charges", "cap:charge.create", charges)
    return answer
