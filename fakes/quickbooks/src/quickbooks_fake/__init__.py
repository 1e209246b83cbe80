"""QuickBooks Online on your own machine, for tests: accounting API, OAuth 2.0, webhooks, limits, and mishaps on demand."""

from quickbooks_fake.clock import Clock
from quickbooks_fake.company import Company
from quickbooks_fake.faults import Fault
from quickbooks_fake.mishaps import BROKEN, LOST_ANSWER, LOST_REQUEST, THROTTLED, UNAVAILABLE, Mishaps
from quickbooks_fake.server import QuickBooksFake, running

__all__ = ["BROKEN", "LOST_ANSWER", "LOST_REQUEST", "THROTTLED", "UNAVAILABLE", "Clock", "Company", "Fault", "Mishaps",
           "QuickBooksFake", "running"]  # fmt: skip
