"""The ways the API says no, with the codes, words and shapes that QuickBooks uses."""

from __future__ import annotations

from typing import Any


class Fault(Exception):
    """One refusal of the accounting service, answered with HTTP `status`."""

    def __init__(self, code: int, message: str, detail: str, *, element: str = "", status: int = 400,
                 kind: str = "ValidationFault") -> None:  # fmt: skip
        super().__init__(f"{code} {message}: {detail}")
        self.code, self.message, self.detail, self.element = code, message, detail, element
        self.status, self.kind = status, kind

    def body(self) -> dict[str, Any]:
        """The value of `Fault` in an answer."""
        error = {"Message": self.message, "Detail": self.detail, "code": str(self.code), "element": self.element}
        return {"Error": [error], "type": self.kind}


class DoorFault(Exception):
    """A refusal before the accounting service was reached; its answer has another shape, in small letters."""

    def __init__(self, status: int, code: int, name: str, detail: str, kind: str) -> None:
        super().__init__(f"{status} {name}: {detail}")
        self.status, self.code, self.name, self.detail, self.kind = status, code, name, detail, kind

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        message = f"message={self.name}; errorCode={self.code:06d}; statusCode={self.status}"
        error = {"message": message, "detail": self.detail, "code": str(self.code), "element": None}
        return {"warnings": None, "intuitObject": None, "fault": {"error": [error], "type": self.kind}, "queryResponse": None,
                "batchItemResponse": [], "cdcresponse": [], "requestId": None, "status": None}  # fmt: skip


def unauthenticated(detail: str) -> DoorFault:
    return DoorFault(401, 3200, "AuthenticationFailed", detail, "AUTHENTICATION")


def forbidden() -> DoorFault:
    return DoorFault(403, 3100, "ApplicationAuthorizationFailed", "The token is for another company.", "AUTHORIZATION")


def throttled() -> DoorFault:
    return DoorFault(429, 3001, "ThrottleExceeded", "The request limit was reached.  Try again later", "THROTTLE")


def broken(status: int) -> DoorFault:
    return DoorFault(status, 3100, "InternalServerError", "An unexpected error occurred.", "SERVICE")


def missing(element: str) -> Fault:
    words = "Required param missing, need to supply the required value for the API"
    return Fault(2020, words, f"Required parameter {element} is missing in the request", element=element)


def unreadable(element: str, value: Any) -> Fault:
    return Fault(
        2010, "Request has invalid or unsupported property", f"Property {element} cannot hold {value!r}", element=element
    )


def wrong_length(element: str, most: int, length: int) -> Fault:
    words = "String length is either shorter or longer than supported by specification"
    return Fault(2050, words, f"String length specified does not match the supported length. Min:0 Max:{most} supported. "
                              f"Supplied length:{length}", element=element)  # fmt: skip


def unknown_reference(kind: str, row_id: str) -> Fault:
    return Fault(2500, "Invalid Reference Id", f"Invalid Reference Id : {kind} element id {row_id} not found")


def not_found() -> Fault:
    return Fault(610, "Object Not Found", "Object Not Found : Something you're trying to use has been made inactive. "
                                          "Check the fields with accounts, customers, items, vendors or employees.")  # fmt: skip


def unsupported(what: str) -> Fault:
    return Fault(500, "Unsupported Operation", f"Operation {what} is not supported.")


def stale() -> Fault:
    return Fault(5010, "Stale Object Error", "Stale Object Error : You and another user were working on this at the same time. "
                                             "The other user finished before you did, so your work was not saved.")  # fmt: skip


def business(detail: str) -> Fault:
    words = "A business validation error has occurred while processing your request"
    return Fault(6000, words, f"Business Validation Error: {detail}")


def wrong_amount(amount: Any) -> Fault:
    return Fault(6070, "Amount calculation incorrect in the request",
                 "Amount calculation incorrect in the request : Amount is not equal to UnitPrice * Qty. "
                 f"Supplied value:{amount}")  # fmt: skip


def wrong_line_tax(code: str) -> Fault:
    return Fault(
        6100, "Invalid Line TaxCode in the request", f"Valid Line TaxCodes for US should be TAX or NON. Supplied value:{code}"
    )


def duplicate_number(number: str, kind: str, row_id: str) -> Fault:
    words = "Duplicate Document Number Error"
    return Fault(6140, words, f"{words} : You must specify a different number. This number has already been used. "
                              f"DocNumber={number} is assigned to TxnType={kind} with TxnId={row_id}")  # fmt: skip


def duplicate_name(row_id: str) -> Fault:
    return Fault(6240, "Duplicate Name Exists Error", f"The name supplied already exists. : Id={row_id}")


def closed_books() -> Fault:
    return Fault(6210, "Account Period Closed, Cannot Update Through Services API",
                 "The account period has closed and the account books cannot be updated through the QBO Services API. "
                 "Please check the QBO website to make these changes.")  # fmt: skip


def bad_query(detail: str) -> Fault:
    return Fault(4000, "Error parsing query", f"QueryParserError: {detail}")


def refused_query(detail: str) -> Fault:
    return Fault(4001, "Invalid query", f"QueryValidationError: {detail}")


def large_batch(most: int) -> Fault:
    return Fault(1040, "Batch size exceeds allowed limit", f"The batch limit size is {most}.", kind="SystemFault")
