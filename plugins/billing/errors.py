"""The ways the billing room says no."""

from __future__ import annotations

from kernel.errors import Conflict, InvalidInput, NotFound, Refused


class TooManyPeriods(Refused):
    """A contract line owes so many periods that its dates are more likely wrong; its client is not billed."""

    code = "too_many_periods"
    title = "More periods are owed than can be right"


class HourlyRateMissing(Refused):
    """Time entries for which no hourly rate is known."""

    code = "hourly_rate_missing"
    title = "No hourly rate for some time entries"


class UsageTiersInvalid(InvalidInput):
    """Tiers of a usage price leave a quantity without a price, or give it two."""

    code = "usage_tiers_invalid"
    title = "Not valid usage tiers"


class DiscountInvalid(InvalidInput):
    """A percentage outside 0 to 100, a negative amount, or something that is no discount."""

    code = "discount_invalid"
    title = "Not a valid discount"


class DiscountTargetNotFound(InvalidInput):
    """A discount names something that is not on the document."""

    code = "discount_target_not_found"
    title = "The discount's target is not on the invoice"


class TaxAnswerInvalid(Refused):
    """The tax provider's answer does not fit the document; it is not written."""

    code = "tax_answer_invalid"
    title = "The tax provider's answer does not add up"


class NumberPatternInvalid(InvalidInput):
    """A pattern for numbers that does not say where the number goes."""

    code = "number_pattern_invalid"
    title = "Not a valid pattern for numbers"


class InvoiceNotFound(NotFound):
    code = "invoice_not_found"
    title = "No such invoice"


class InvoiceLineNotFound(NotFound):
    code = "invoice_line_not_found"
    title = "No such invoice line"


class InvoiceNotDraft(Conflict):
    """A finalized or void invoice is asked to change; it never does. A credit note corrects it."""

    code = "invoice_not_draft"
    title = "Only a draft can be changed"


class TaxAmountsPending(Conflict):
    """The taxes of a draft are reckoned elsewhere and not here yet; it cannot become final."""

    code = "tax_amounts_pending"
    title = "Its taxes are not here yet"


class InvoiceNotFinal(Conflict):
    """Payments, credits and voiding need a finalized invoice."""

    code = "invoice_not_final"
    title = "Only for finalized invoices"


class InvoiceVoid(InvoiceNotFinal):
    """A void invoice is asked to be paid; nothing is owed for it."""

    code = "invoice_void"
    title = "The invoice is void"


class PrepaymentNeedsMoney(Conflict):
    """A prepayment asks for money; a credit cannot pay it, since it would only become another credit."""

    code = "prepayment_needs_money"
    title = "A prepayment is paid with money"


class NotUnfinalizable(Conflict):
    """Only the last invoice of its series, which nobody has seen or paid, becomes a draft again; else it is voided."""

    code = "not_unfinalizable"
    title = "The invoice cannot become a draft again"


class InvoiceWasFinal(Conflict):
    """The draft was final once; deleting it would leave a gap in the numbers."""

    code = "invoice_was_final"
    title = "The draft was final once"


class BillingAddressMissing(Refused):
    """Nobody said where the client wants its invoices."""

    code = "billing_address_missing"
    title = "The client has no billing address"


class InvoiceBelowZero(Refused):
    """The lines add up to less than nothing: that is a credit note, not an invoice."""

    code = "invoice_below_zero"
    title = "An invoice cannot be below zero"


class InvoiceSettled(Conflict):
    """Payments, credits or credit notes stand against the invoice, so it cannot be voided."""

    code = "invoice_settled"
    title = "The invoice is paid or credited"


class InvoiceLinesFixed(Refused):
    """The lines of a billed draft come from contracts and work; they are made anew by a run, not by hand."""

    code = "invoice_lines_fixed"
    title = "These lines come from a billing run"


class CreditTooLarge(InvalidInput):
    """More is credited than was invoiced and not yet credited."""

    code = "credit_too_large"
    title = "More than can be credited"


class CreditNotFound(NotFound):
    code = "credit_not_found"
    title = "No such credit"


class CreditUsed(Conflict):
    """What a credit note or payment gave is spent already."""

    code = "credit_used"
    title = "The credit is used already"


class CreditExpired(Conflict):
    """The last day of the credit is over."""

    code = "credit_expired"
    title = "The credit has expired"


class CreditNotMovable(Conflict):
    """The credit has nothing left, or stays with its client."""

    code = "credit_not_movable"
    title = "The credit cannot be transferred"


class ApplicationNotFound(NotFound):
    code = "credit_application_not_found"
    title = "No such application of a credit"


class ApplicationReversed(Conflict):
    """The credit was taken back from the invoice before."""

    code = "credit_application_reversed"
    title = "The credit was taken back"


class FindingNotFound(NotFound):
    code = "credit_finding_not_found"
    title = "No such finding"


class FindingClosed(Conflict):
    """Somebody has dealt with this finding, or it has gone by itself."""

    code = "credit_finding_closed"
    title = "The finding is closed"


class FindingNeedsAPerson(Refused):
    """What is wrong is no sum that a booking could set right; a person mends the cause and closes the finding."""

    code = "credit_finding_not_bookable"
    title = "No booking sets this right"


class PaymentNotFound(NotFound):
    code = "payment_not_found"
    title = "No such payment"


class PaymentTaken(Conflict):
    """The payment was taken back before."""

    code = "payment_taken_back"
    title = "The payment was taken back"


class RefundNotFound(NotFound):
    code = "refund_not_found"
    title = "No such refund"


class RefundStands(Conflict):
    """The refund was taken back before, or what it opened was paid otherwise meanwhile."""

    code = "refund_stands"
    title = "The refund cannot be taken back"


class PaymentRefunded(Conflict):
    """Part of the payment went back to the client, so that it cannot be taken back whole."""

    code = "payment_refunded"
    title = "The payment is refunded in part"


class RunNotFound(NotFound):
    code = "billing_run_not_found"
    title = "No such billing run"


class RunLive(Conflict):
    """Another billing run of the tenant has not ended; two would bill the same work."""

    code = "billing_run_live"
    title = "A billing run is under way"


class TooManyOnADay(Refused):
    """So much is to be billed for one day of one client that it is more likely entered twice."""

    code = "too_many_on_a_day"
    title = "More on one day than can be right"


class WorkUnapproved(Refused):
    """Work of a client waits for approval, and the company bills nobody before that is done."""

    code = "work_unapproved"
    title = "Work waits for approval"


class AmountJumped(Refused):
    """A client owes many times what it was billed the last time; a person looks at it first."""

    code = "amount_jumped"
    title = "Far more than the last time"


class RunEnded(Conflict):
    """Only a run that was stopped before its end goes on."""

    code = "billing_run_ended"
    title = "The billing run is not stopped"


class SourceBilled(Conflict):
    """What was to be billed stands on another invoice by now."""

    code = "source_billed"
    title = "Billed already"


class ChargesUnpriceable(Refused):
    """Several things of one client have no price; `problems` lists each with its code."""

    code = "charges_unpriceable"
    title = "Some charges have no price"


class ContractNotFound(NotFound):
    code = "contract_not_found"
    title = "No such contract"


class ContractLineNotFound(NotFound):
    code = "contract_line_not_found"
    title = "No such contract line"


class PeriodsBilled(Conflict):
    """A change would alter service periods that stand on invoices."""

    code = "periods_billed"
    title = "Already billed"


class UsageNotFound(NotFound):
    code = "usage_not_found"
    title = "No such usage record"


class UsageBilled(Conflict):
    """The usage record stands on an invoice."""

    code = "usage_billed"
    title = "Usage already billed"


class UsageMoved(Conflict):
    """Usage records were billed or removed while the invoice was written."""

    code = "usage_moved"
    title = "Usage changed meanwhile"


class BucketAmbiguous(Refused):
    """More than one contract line includes the same service, so nobody can say which bucket work draws from."""

    code = "bucket_ambiguous"
    title = "Two buckets hold the same service"


class WorkingHoursNotFound(NotFound):
    code = "working_hours_not_found"
    title = "No such working hours"


class WorkingHoursInUse(Conflict):
    """Buckets burn by these working hours."""

    code = "working_hours_in_use"
    title = "Buckets burn by these working hours"
