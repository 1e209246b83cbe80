"""Structured logs: one line for each request with its id, tenant, actor, route, status and milliseconds."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, g, request

from kernel.gate import request_id

if TYPE_CHECKING:
    from kernel.config import Settings

_QUIET = ("/static/", "/healthz", "/readyz", "/metrics")
_log = structlog.stdlib.get_logger("deskhand.access")


def configure(settings: Settings) -> None:
    """Send every log line of this process, other libraries' too, to standard error as text or JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json = settings.log_format == "json"
    ending = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()] if as_json else [
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]  # fmt: skip
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
    ))  # fmt: skip
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def install(app: Flask) -> None:
    """Log each request of the application when its answer is ready; every line within it carries the request id."""
    app.before_request(_begin)
    app.after_request(_end)


def route_name() -> str:
    """The matched rule, such as `/api/v1/tickets/<uuid:ticket_id>`: never the address itself, which may hold data."""
    return request.url_rule.rule if request.url_rule else "(none)"


def elapsed() -> float:
    """Seconds since the present request began."""
    return time.perf_counter() - float(g.get("began", time.perf_counter()))


def _begin() -> None:
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id())


def _end(response: Response) -> Response:
    if not request.path.startswith(_QUIET) and logging.getLogger("deskhand.access").isEnabledFor(logging.INFO):
        _log.info("request", method=request.method, route=route_name(), status=response.status_code,
                  ms=round(elapsed() * 1000, 1), **_who())  # fmt: skip
    return response


def _who() -> dict[str, str]:
    identity = g.get("identity")
    if identity is None:
        return {}
    return {"tenant": str(identity.tenant.id), "actor": f"{identity.actor.kind}:{identity.actor.id}"}
