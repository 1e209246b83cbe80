"""How the host says no."""

from __future__ import annotations

from collections.abc import Mapping


class HostRefusal(Exception):
    """Raised by host functions.

    `error` is a code, a colon and a sentence (`capability_denied: grant cap:ticket.write to this install`); `field_errors` say
    what is wrong with an input, by path (`client_id`, `items[0].quantity`).
    """

    def __init__(self, error: str, field_errors: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.field_errors = dict(field_errors or {})
