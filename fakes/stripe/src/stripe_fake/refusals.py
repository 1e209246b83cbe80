"""Errors in the shape of the API."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer that is no success: `kind` is the API's `type` of it."""

    def __init__(self, status: int, kind: str, message: str, *, code: str | None = None, param: str | None = None,
                 **more: Any) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        facts = {"type": kind, "message": message, "code": code, "param": param, **more}
        self.body = {"error": {name: value for name, value in facts.items() if value is not None}}


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A request that cannot be carried out as it is."""
    return ApiError(400, "invalid_request_error", message, param=param, code=code)


def missing(kind: str, row_id: str) -> ApiError:
    """Nothing has this id."""
    return ApiError(404, "invalid_request_error", f"No such {kind}: '{row_id}'", code="resource_missing", param="id")
