"""Xero on your own machine, for tests."""

from xero_fake.organisation import Organisation
from xero_fake.server import XeroFake, running

__all__ = ["Organisation", "XeroFake", "running"]
