"""`/healthz` (the process answers), `/readyz` (it can do its work) and `/metrics` (Prometheus).

Several web processes share one set of figures when PROMETHEUS_MULTIPROC_DIR names a folder before they start: each writes
its own files there and any of them answers for all. Whoever starts the processes empties the folder first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from sqlalchemy.exc import SQLAlchemyError

from kernel.db import cursor
from kernel.logs import elapsed, route_name
from kernel.migrations.heads import newest, stamped
from kernel.wakeups import count_stalled

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.plugins import Plugins

REQUESTS = Counter("deskhand_http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("deskhand_http_request_seconds", "Time to answer.", ["method", "route"])


def install(app: Flask, kernel: Kernel) -> None:
    """Count every request and answer the three addresses, which need no credential and show no tenant's data."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        verdicts = readiness(kernel)
        ready = all(verdict == "ok" for verdict in verdicts.values())
        return jsonify(status="ok" if ready else "not ready", checks=verdicts), 200 if ready else 503

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)

    app.register_blueprint(blueprint)
    app.after_request(_count)


def readiness(kernel: Kernel) -> dict[str, str]:
    """`ok`, or what is wrong, of the database, its schema, and the workers that look after due work."""
    checks: Iterable[tuple[str, Callable[[Kernel], str]]]
    checks = (("database", _database), ("migrations", _migrations), ("workers", _workers))
    return {name: _verdict(check, kernel) for name, check in checks}


def _verdict(check: Callable[[Kernel], str], kernel: Kernel) -> str:
    try:
        return check(kernel)
    except SQLAlchemyError as error:
        return f"the database does not answer: {type(error).__name__}"


def _database(kernel: Kernel) -> str:
    with kernel.db.transaction() as session:
        session.connection().exec_driver_sql("select 1")
    return "ok"


def _migrations(kernel: Kernel) -> str:
    with kernel.db.transaction() as session:
        missing = _heads(kernel.plugins) - stamped(cursor(session).connection)
    return f"run `deskhand migrate`; missing: {', '.join(sorted(missing))}" if missing else "ok"


@lru_cache(maxsize=4)
def _heads(plugins: Plugins) -> frozenset[str]:
    return newest(plugins)


def _workers(kernel: Kernel) -> str:
    with kernel.db.transaction() as session:
        stalled = count_stalled(session, kernel.clock.now())
    return f"nobody looks after {stalled} due wakeups; are the scheduler and the workers running?" if stalled else "ok"


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _count(response: Response) -> Response:
    route = route_name()
    REQUESTS.labels(request.method, route, str(response.status_code)).inc()
    SECONDS.labels(request.method, route).observe(elapsed())
    return response
