"""The ways the room of online payments says no."""

from kernel.errors import Conflict, InvalidInput, NotFound


class LinkUnknown(NotFound):
    """The address of a payment page is mistyped, or was never given out."""

    code = "payment_link_unknown"
    title = "No such payment link"


class InvoiceUnknown(NotFound):
    """No enabled plugin knows this invoice."""

    code = "payment_invoice_unknown"
    title = "No such invoice"


class AttemptNotFound(NotFound):
    code = "online_payment_not_found"
    title = "No such online payment"


class MandateNotFound(NotFound):
    code = "payment_mandate_not_found"
    title = "No such consent to automatic payments"


class NothingToPay(Conflict):
    """The invoice is paid, void, or not final; or no payment service is connected."""

    code = "nothing_to_pay_online"
    title = "There is nothing to pay here"


class PaymentUnderWay(Conflict):
    """Another attempt to pay the same invoice has not ended."""

    code = "payment_under_way"
    title = "A payment is under way"


class NotRefundable(InvalidInput):
    """The payment is not here, or so much of it is not left."""

    code = "online_payment_not_refundable"
    title = "So much cannot be refunded"
