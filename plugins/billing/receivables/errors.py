"""The ways receivables say no."""

from __future__ import annotations

from kernel.errors import Conflict, NotFound


class TermsNotFound(NotFound):
    code = "payment_terms_not_found"
    title = "No such terms of payment"


class TermsInUse(Conflict):
    """The terms are the default, or clients or invoices have them."""

    code = "payment_terms_in_use"
    title = "These terms of payment are in use"


class HoldNotFound(NotFound):
    code = "invoice_not_held"
    title = "The invoice is not held"


class DunningLevelNotFound(NotFound):
    code = "dunning_level_not_found"
    title = "No such level of reminders"


class DunningLevelUsed(Conflict):
    """Clients were reminded at this level or a later one; removing it would tell their history wrong."""

    code = "dunning_level_used"
    title = "Reminders of this level were sent"


class LateFeeRuleNotFound(NotFound):
    code = "late_fee_rule_not_found"
    title = "No such late fee"
