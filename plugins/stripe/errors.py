"""The ways the Stripe room says no."""

from kernel.errors import NotFound, Unauthenticated, Unavailable
from kernel.hookspecs.paying import PaymentRefused


class StripeNotConnected(NotFound):
    code = "stripe_not_connected"
    title = "No account with Stripe is connected"


class KeyRefused(Unavailable):
    """Stripe does not take the secret key, or does not let it do this. What was asked before with this id may have happened."""

    code = "stripe_key_refused"
    title = "Stripe does not take the secret key"


class NoticeRefused(Unauthenticated):
    """A notice from outside does not carry the signature of the tenant's webhook, or a stale one."""

    code = "stripe_notice_refused"
    title = "The notice is not signed as it should be"


class AmountNotPayable(PaymentRefused):
    """Stripe counts this currency otherwise: a part of the smallest unit that it takes would be lost."""

    code = "stripe_amount_not_payable"
    title = "Stripe cannot take this amount"
