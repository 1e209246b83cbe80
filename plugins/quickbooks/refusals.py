"""What QuickBooks' error codes mean for the accounting port (developer.intuit.com, "Error codes")."""

from __future__ import annotations

from kernel.hookspecs.accounting import Failed
from plugins.quickbooks.client import Fault

NAME_TAKEN = "name_taken"
_CODES = {5010: "stale", 6140: "duplicate_number", 6240: NAME_TAKEN, 6210: "closed", 610: "gone", 0: "unavailable"}
_CLOSED = "period has closed"


def code_of(fault: Fault) -> str:
    """One of `FAILURES`, or `NAME_TAKEN`. A closed period is told under several codes, a number that is taken under two."""
    if _CLOSED in fault.words.lower():
        return "closed"
    if fault.code == 6210 and "number" in fault.words.lower():
        return "duplicate_number"
    return _CODES.get(fault.code, "refused")


def failed(fault: Fault) -> Failed:
    """A refusal as the accounting room is told of it."""
    code = code_of(fault)
    if code == NAME_TAKEN:
        return Failed("refused", f"QuickBooks has another one of this name; map it to that one. {fault.words} ({fault.code})")
    return Failed(code, f"QuickBooks: {fault.words} ({fault.code})", again=code == "unavailable")
