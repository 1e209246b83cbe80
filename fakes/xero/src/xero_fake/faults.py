"""What the API refuses, in its own shapes."""

from __future__ import annotations

from xero_fake.wire import Entity


class Fault(Exception):
    """An answer that is none: its status, body and headers."""

    def __init__(self, status: int, body: Entity, headers: dict[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.status, self.body, self.headers = status, body, headers or {}


class Invalid(Exception):
    """Mistakes in one object, each in a sentence."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = list(messages)


def validation(elements: list[Entity]) -> Fault:
    """All objects of a request, since one has mistakes."""
    return Fault(400, {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred",
                       "Elements": elements})  # fmt: skip


def not_found() -> Fault:
    return Fault(404, {"Type": None, "Title": "NotFound", "Detail": "The resource you're looking for cannot be found"})


def unauthorized(detail: str) -> Fault:
    return Fault(401, {"Type": None, "Title": "Unauthorized", "Status": 401, "Detail": detail})


def forbidden() -> Fault:
    """The organisation is not connected to the program any more."""
    return Fault(403, {"Type": None, "Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful"})


def throttled(problem: str, seconds: int) -> Fault:
    """Too many calls in a `minute` or `day`."""
    return Fault(429, {"Type": None, "Title": "Too Many Requests"},
                 {"Retry-After": str(seconds), "X-Rate-Limit-Problem": problem})  # fmt: skip


def broken(status: int) -> Fault:
    return Fault(status, {"Type": None, "Title": "An error occurred", "Detail": "An error occurred in Xero."})
