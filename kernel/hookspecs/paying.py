"""Paying online: one room keeps links, attempts and mandates; each payment service is a gateway.

Amounts are minor units of the currency by ISO 4217, with its `exponent` beside them; what a service counts in is the gateway's
own concern. Ids of the service are text. A `request_id` (at most 255 characters) is the same in each try of the same thing, so
that a second try has no effect of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import UUID

from kernel.errors import Refused
from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext

OPEN, PROCESSING, PAID, FAILED, EXPIRED = "open", "processing", "paid", "failed", "expired"
"""What became of an attempt: its payer may go on · under way without the payer · money is here · refused · too late."""


class PaymentRefused(Refused):
    """The service will not do this, now or later; its words say why."""

    code = "payment_refused"
    title = "The payment service refused"


class CheckoutAsked(NamedTuple):
    """A page of the service on which a client pays `amount`, or, where that is nothing, only leaves a way to pay for later.

    With `keep_method` the way to pay is kept for payments without the client present. `customer` is the service's id of the
    client, where it has one. The page is open `until` then; afterwards the browser goes to `done_url`, or to `back_url`.
    """

    request_id: str
    attempt_id: UUID
    currency: str
    exponent: int
    amount: int
    words: str
    client_name: str
    email: str
    customer: str
    keep_method: bool
    done_url: str
    back_url: str
    until: datetime


class Checkout(NamedTuple):
    """A page of the service that waits for its payer."""

    id: str
    url: str


class ChargeAsked(NamedTuple):
    """A payment without the client present, by the `method` that it left with the service."""

    request_id: str
    attempt_id: UUID
    currency: str
    exponent: int
    amount: int
    words: str
    customer: str
    method: str


class RefundAsked(NamedTuple):
    """Money of a `payment` (the service's id) that shall go back."""

    request_id: str
    refund_id: UUID
    payment: str
    currency: str
    exponent: int
    amount: int


class AttemptSought(NamedTuple):
    """By what a service may know an attempt: `checkout` and `payment` are its ids, empty where its answer was lost."""

    attempt_id: UUID
    checkout: str
    payment: str
    customer: str
    currency: str
    exponent: int
    since: datetime


class SavedMethod(NamedTuple):
    """A way to pay that a client left with the service; `label` is what people know it by, such as `Visa •••• 4242`."""

    customer: str
    id: str
    label: str


class PaidBack(NamedTuple):
    """A refund as the service has it: `pending`, `done` or `failed`. `refund_id` is set where it was asked for by us."""

    id: str
    amount: int
    state: str
    at: datetime
    refund_id: UUID | None = None


class Disputed(NamedTuple):
    """A payment that its payer's bank took back, or asks about: `asked` (no money moved), `open`, `lost` or `won`."""

    id: str
    amount: int
    state: str
    reason: str
    at: datetime


class Seen(NamedTuple):
    """An attempt as the service has it now. `amount` is what was paid; `refused_code` and `refused_words` say why it failed.

    `by` is how: `card`, `direct_debit`, `bank_transfer` or `other`. `refunds` and `disputes` are all of it.
    """

    state: str
    payment: str = ""
    amount: int = 0
    currency: str = ""
    paid_at: datetime | None = None
    by: str = "card"
    method: SavedMethod | None = None
    refused_code: str = ""
    refused_words: str = ""
    refunds: tuple[PaidBack, ...] = ()
    disputes: tuple[Disputed, ...] = ()


class PaymentGateway(Protocol):
    """A tenant's account with a payment service. Called outside any transaction.

    All raise Unavailable where the service cannot be reached or asks to wait (nobody knows then whether it did what was asked),
    and PaymentRefused where it says no.
    """

    def start_checkout(self, asked: CheckoutAsked) -> Checkout: ...

    def close_checkout(self, checkout: str) -> bool:
        """Let nobody pay there any more. False where it is paid or closed already."""
        ...

    def charge(self, asked: ChargeAsked) -> Seen:
        """Pay now. A refusal of the payer's bank is an answer, with state `failed`."""
        ...

    def look(self, sought: AttemptSought) -> Seen | None:
        """The attempt as it is now; None where the service never heard of it."""
        ...

    def refund(self, asked: RefundAsked) -> PaidBack: ...

    def forget_method(self, method: str) -> None:
        """Let a saved way to pay be used no more; one that is gone stays so."""
        ...


@dataclass(frozen=True, slots=True)
class PaymentProvider:
    """A payment service that tenants may use. `open(ctx)` gives the tenant's account there, with its secrets opened, or None
    where it has none; it asks nobody outside.
    """

    key: str
    title: str
    open: Callable[[CallContext], PaymentGateway | None]


class Hint(NamedTuple):
    """What a service said that something happened to, by whichever of the three it names; `notice` is its id of the message."""

    attempt_id: UUID | None = None
    checkout: str = ""
    payment: str = ""
    notice: str = ""


@hookspec
def register_payment_providers() -> Sequence[PaymentProvider]:
    """Register: name the payment services that your room speaks with. Any room; once per process.

    Example: `[PaymentProvider("stripe", "Stripe", open_account)]`.
    """


@hookspec(firstresult=True)
def payment_hinted(ctx: CallContext, provider: str, hint: Hint) -> bool | None:
    """Ask: a service said that something happened; look for the truth there soon. The payments room; for each notice, in a
    transaction of the tenant. False where no attempt is meant.

    Example: `True`.
    """
