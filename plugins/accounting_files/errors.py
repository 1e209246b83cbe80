"""The ways the room of accounting files says no."""

from __future__ import annotations

from kernel.errors import Refused


class AccountingFileRefused(Refused):
    """A document cannot stand in this kind of file as it is, so none of the batch is written."""

    code = "accounting_file_refused"
    title = "The file cannot be written"
