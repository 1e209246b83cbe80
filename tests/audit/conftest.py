"""The auditor's connection; the tests here audit where they want to."""

from tests.audit.closing import auditor, pytest_configure

__all__ = ["auditor", "pytest_configure"]
