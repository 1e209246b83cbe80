"""The error tree: every way Deskhand says no, with a stable code, an HTTP status and words that help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class DeskhandError(Exception):
    """Base of every expected refusal.

    `detail` is the sentence a person reads; `errors` maps field paths to sentences; `extra` adds members to the
    problem document (RFC 9457 section 3.2).
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str = "", *, errors: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = dict(errors or {})
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 members of this error."""
        body: dict[str, Any] = {
            "type": f"urn:deskhand:error:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            body["errors"] = self.errors
        return body | self.extra


class InvalidInput(DeskhandError):
    """The request is understood but a field does not hold what it must."""

    code = "invalid_input"
    status = 422
    title = "Some fields need another value"


class Unauthenticated(DeskhandError):
    code = "unauthenticated"
    status = 401
    title = "Sign in first"


class PermissionDenied(DeskhandError):
    code = "permission_denied"
    status = 403
    title = "Not allowed"


class NotFound(DeskhandError):
    code = "not_found"
    status = 404
    title = "Not found"


class PluginNotEnabled(NotFound):
    """The feature exists, but this tenant has switched it off."""

    code = "plugin_not_enabled"
    title = "This feature is switched off"


class Conflict(DeskhandError):
    code = "conflict"
    status = 409
    title = "In conflict with the present state"


class StillInUse(Conflict):
    """Deleting is refused: the answer lists what is in the way and what may be done instead."""

    code = "still_in_use"
    title = "Still in use"

    def __init__(self, detail: str, dependencies: Sequence[Mapping[str, Any]], alternatives: Sequence[str]) -> None:
        super().__init__(detail, dependencies=list(dependencies), alternatives=list(alternatives))


class PreconditionFailed(DeskhandError):
    """Somebody else changed the row since it was read (If-Match)."""

    code = "version_mismatch"
    status = 412
    title = "Changed by somebody else meanwhile"


class Refused(DeskhandError):
    """The request is well formed, and a rule of the trade says no."""

    code = "refused"
    status = 422
    title = "Refused"


class RateLimited(DeskhandError):
    code = "rate_limited"
    status = 429
    title = "Too many requests"


class Unavailable(DeskhandError):
    """A needed service does not answer; trying again later may help."""

    code = "unavailable"
    status = 503
    title = "Not available now"


class NoProvider(DeskhandError):
    """An ask found no enabled plugin to answer it."""

    code = "no_provider"
    status = 409
    title = "No enabled plugin answers this"


class AmbiguousProvider(DeskhandError):
    """Several enabled plugins answer an ask and no tenant setting chooses one."""

    code = "ambiguous_provider"
    status = 409
    title = "Several plugins answer this"


class StartupError(DeskhandError):
    """The process refuses to start; the sentence says what to mend."""

    code = "startup_refused"
    title = "Cannot start"
