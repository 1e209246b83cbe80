"""A stand-in for Stripe's API with books in memory."""

from stripe_fake.books import Books
from stripe_fake.serving import FakeStripe, running
from stripe_fake.signing import sign

__all__ = ["Books", "FakeStripe", "running", "sign"]
