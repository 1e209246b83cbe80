"""Whatever a test does with money, the books are right at its end."""

from tests.audit.closing import auditor, books_are_right_at_the_end, pytest_configure

__all__ = ["auditor", "books_are_right_at_the_end", "pytest_configure"]
