"""The main job in a real browser: Alice loads a quarter, approves time, bills it, and looks at what became of it."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from werkzeug.serving import make_server

from kernel.app import Kernel
from kernel.jobs import drain
from kernel.tenancy import change_settings
from tests.browser.test_kit import browser  # noqa: F401 - a fixture
from tests.conftest import PASSWORD, World

QUARTER = Path(__file__).parents[2] / "samples" / "datasets" / "acme-2026-q3"


@contextmanager
def _working(kernel: Kernel, world: World) -> Iterator[None]:
    """A worker beside the server, as `deskhand up` has them."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.2):
            drain(kernel, world.tenant_id)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    yield
    stop.set()
    worker.join()


@pytest.fixture
def served(acme: World) -> Iterator[str]:
    """The address of the running application."""
    server = make_server("127.0.0.1", 0, acme.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_quarter_by_page(acme: World, kernel: Kernel, served: str, browser: Browser) -> None:  # noqa: F811
    with acme.call() as ctx:
        change_settings(ctx, "tax", {"tax_id": "DE136695976"})
    complaints: list[str] = []
    page = browser.new_context(viewport={"width": 1360, "height": 900}).new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(30_000)
    _sign_in(page, served, acme)
    with _working(kernel, acme):
        _import(page, served)
        _approve_time(page, served)
        _run_the_billing(page, served)
    _look_at_an_invoice(page)
    _see_the_ledger_balance(page, served)
    _switch_time_off(page, served)
    page.context.close()
    assert complaints == []


def _sign_in(page: Page, served: str, acme: World) -> None:
    page.goto(served)
    if page.get_by_label("Company").count():  # not asked for while there is one company only
        page.get_by_label("Company").fill(acme.tenant.slug)
    page.get_by_label("E-mail").fill(f"alice@{acme.tenant.slug}.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def _import(page: Page, served: str) -> None:
    page.goto(f"{served}/imports/new")
    page.locator("input[type=file]").set_input_files([str(path) for path in sorted(QUARTER.glob("*.csv"))])
    page.locator("form[enctype] button.btn-primary").click()
    page.wait_for_url("**/imports/*-*")
    expect(page.get_by_text("Done").first).to_be_visible(timeout=90_000)


def _approve_time(page: Page, served: str) -> None:
    page.goto(f"{served}/time/approval")
    page.get_by_role("button", name="Approve until").click()
    page.get_by_label("Last day to approve").fill("2026-09-30")
    page.get_by_role("button", name="Approve", exact=True).last.click()
    expect(page.get_by_text("entries approved")).to_be_visible()


def _run_the_billing(page: Page, served: str) -> None:
    page.goto(f"{served}/billing-runs")
    page.get_by_label("From").fill("2026-07-01")
    page.get_by_label("Up to, not including").fill("2026-10-01")
    page.get_by_label("Invoice date").fill("2026-10-01")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview of a billing run")).to_be_visible()
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/billing-runs/*-*")
    expect(page.get_by_role("button", name="Finalize all")).to_be_visible(timeout=90_000)
    page.get_by_role("button", name="Finalize all").click()
    page.locator("dialog[open]").get_by_role("button").filter(has_not_text="Cancel").last.click()
    expect(page.get_by_text("invoices are final")).to_be_visible()


def _look_at_an_invoice(page: Page) -> None:
    page.locator("table").last.locator("tbody tr a").first.click()
    page.wait_for_url("**/invoices/*-*")
    page.locator("[data-why], button", has_text="Why").first.click()
    expect(page.locator("dialog[open], .drawer").first).to_be_visible()
    page.keyboard.press("Escape")
    address = page.get_by_role("link", name="PDF").first.get_attribute("href")
    answer = page.request.get(f"{page.url.split('/invoices')[0]}{address}")
    pages = PdfReader(io.BytesIO(answer.body())).pages
    assert "Invoice" in pages[0].extract_text()


def _see_the_ledger_balance(page: Page, served: str) -> None:
    page.goto(f"{served}/ledger")
    expect(page.get_by_text("Receivables").first).to_be_visible()


def _switch_time_off(page: Page, served: str) -> None:
    page.goto(f"{served}/plugins")
    page.locator("form[action='/plugins/timesheets/disable'] button").click()
    expect(page.get_by_text("Switched off").first).to_be_visible()
    expect(page.locator("nav a[href='/time']")).to_have_count(0)
    assert page.goto(f"{served}/time").status == 404  # type: ignore[union-attr]
