"""The ways the QuickBooks room says no."""

from kernel.errors import Unauthenticated


class WebhookRefused(Unauthenticated):
    """The message carries no signature, or not that of the verifier token that was set here."""

    code = "quickbooks_webhook_refused"
    title = "The message is not signed by QuickBooks"
