"""A stand-in for Stripe's API with books in memory."""

from fake_stripe.books import Books
from fake_stripe.serving import FakeStripe, running
from fake_stripe.signing import sign

__all__ = ["Books", "FakeStripe", "running", "sign"]
