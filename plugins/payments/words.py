"""Words for states and kinds of online payments."""

from __future__ import annotations

from kernel.web.i18n import lazy_gettext as _l

STATES = {
    "starting": (_l("Starting"), "neutral"),
    "open": (_l("Waits for the payer"), "info"),
    "processing": (_l("Under way"), "info"),
    "paid": (_l("Paid"), "success"),
    "failed": (_l("Refused"), "danger"),
    "expired": (_l("Not used"), "done"),
}
KINDS = {"checkout": _l("Payment page"), "auto": _l("Automatic"), "setup": _l("Consent")}
REFUND_STATES = {
    "asked": (_l("Asked for"), "info"),
    "pending": (_l("Under way"), "info"),
    "done": (_l("Refunded"), "success"),
    "failed": (_l("Failed"), "danger"),
}
DISPUTE_STATES = {
    "asked": (_l("The bank asks"), "warning"),
    "open": (_l("Taken back by the bank"), "danger"),
    "lost": (_l("Lost"), "danger"),
    "won": (_l("Won"), "success"),
}
