"""Health, figures and the request log."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from kernel import logs
from kernel.api import health
from kernel.app import Kernel
from kernel.db import Database
from kernel.wakeups import wake
from tests.kernel.api_stage import api_app, room_kernel


def test_the_process_answers(gadgets: Any) -> None:
    answer = gadgets.app.test_client().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_ready_means_database_schema_and_workers(kernel: Kernel) -> None:
    with kernel.db.transaction() as session:
        session.execute(text("delete from wakeups"))
    answer = api_app(kernel).test_client().get("/readyz")
    assert answer.get_json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "workers": "ok"}}
    assert answer.status_code == 200


def test_work_that_nobody_takes_up_shows(acme: Any, kernel: Kernel) -> None:
    with acme.call() as ctx:
        wake(ctx.session, "jobs", ctx.now() - timedelta(hours=1))
    answer = api_app(kernel).test_client().get("/readyz")
    assert answer.status_code == 503
    assert "are the scheduler and the workers running" in answer.get_json()["checks"]["workers"]
    with acme.call() as ctx:
        ctx.session.execute(text("delete from wakeups"))


def test_no_database_is_said_in_words(kernel: Kernel, gadgets: Any) -> None:
    away = Database("postgresql+psycopg://nobody@/nothing?host=/nonexistent")
    lost = room_kernel(replace(kernel, db=away))
    checks = api_app(lost).test_client().get("/readyz").get_json()["checks"]
    assert set(checks.values()) == {"the database does not answer: OperationalError"}
    key = gadgets.api().environ_base["HTTP_X_API_KEY"]
    answer = api_app(lost).test_client().get("/api/v1/gadgets", headers={"X-Api-Key": key})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_a_missing_migration_is_named(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_heads", lambda plugins: frozenset({"tickets_0002"}))
    assert health.readiness(kernel)["migrations"] == "run `deskhand migrate`; missing: tickets_0002"


def test_requests_are_counted_by_route_and_never_by_address(gadgets: Any) -> None:
    alice = gadgets.api()
    place = alice.post("/api/v1/gadgets", json={"name": "Router"}).headers["Location"]
    alice.get(place)
    figures = alice.get("/metrics").get_data(as_text=True)
    route = "/api/v1/gadgets/<uuid:gadget_id>"
    assert f'deskhand_http_requests_total{{method="GET",route="{route}",status="200"}}' in figures
    assert f'deskhand_http_request_seconds_bucket{{le="+Inf",method="GET",route="{route}"}}' in figures
    assert place not in figures


def test_processes_share_their_figures(tmp_path: Path) -> None:
    count = "from kernel.api import health; health.REQUESTS.labels('GET', '/x', '200').inc()"
    show = "; from prometheus_client import generate_latest; print(generate_latest(health._registry()).decode())"
    environ = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", count], env=environ, check=True)
    told = subprocess.run([sys.executable, "-c", count + show], env=environ, check=True, capture_output=True, text=True)
    assert 'deskhand_http_requests_total{method="GET",route="/x",status="200"} 2.0' in told.stdout


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    logs._log = structlog.stdlib.get_logger("deskhand.access")


@pytest.mark.usefixtures("_logging_as_before")
def test_one_line_for_each_request(gadgets: Any, kernel: Kernel, capsys: pytest.CaptureFixture[str]) -> None:
    logs._log = structlog.stdlib.get_logger("deskhand.access")
    logs.configure(replace(kernel.settings, log_format="json"))
    gadgets.api().get("/api/v1/gadgets?name=secret", headers={"X-Request-Id": "trace-me-12345"})
    gadgets.api().post("/api/v1/gadgets/crash", headers={"X-Request-Id": "trace-me-67890"})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    first, failure, last = lines
    assert first.pop("ms") >= 0
    assert first.pop("timestamp")
    assert first.pop("actor").startswith("api_key:")
    assert first == {
        "event": "request", "logger": "deskhand.access", "level": "info", "request_id": "trace-me-12345",
        "method": "GET", "route": "/api/v1/gadgets", "status": 200, "tenant": str(gadgets.tenant_id),
    }  # fmt: skip
    assert "secret detail of the inside" in failure["exception"]
    assert failure["request_id"] == last["request_id"] == "trace-me-67890"
    assert last["status"] == 500


@pytest.mark.usefixtures("_logging_as_before")
def test_lines_for_people(gadgets: Any, kernel: Kernel, capsys: pytest.CaptureFixture[str]) -> None:
    logs._log = structlog.stdlib.get_logger("deskhand.access")
    logs.configure(kernel.settings)
    gadgets.api().get("/api/v1/gadgets/nothing")
    gadgets.app.test_client().get("/healthz")
    (line,) = capsys.readouterr().err.splitlines()
    assert "status=404" in line
