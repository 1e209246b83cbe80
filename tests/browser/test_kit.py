"""The kit in a real browser: keyboard, pickers, rows, confirmation, no complaint of the browser about the policy."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from kernel import web
from kernel.gate import COOKIE
from tests.kernel.web_room import pages as room
from tests.kernel.web_stage import meet_parcels, web_app, web_kernel

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
AXE = Path(web.__file__).parent / "frontend/node_modules/axe-core/axe.min.js"
SHOTS = os.environ.get("DESKHAND_SHOTS")


@dataclass
class Stage:
    """A served app, a browser in which Alice is signed in, and what the browser complained about."""

    url: str
    browser: Browser
    token: str
    complaints: list[str]

    def page(self, width: int = 1280, height: int = 860, theme: str = "light", **more: Any) -> Page:
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **more)
        context.add_cookies([{"name": COOKIE, "value": self.token, "url": self.url}])
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def stage(acme: Any, kernel: Any, browser: Browser) -> Iterator[Stage]:
    made = web_kernel(kernel)
    meet_parcels(made, acme.tenant_id)
    world = replace(acme, kernel=made, app=web_app(made))
    token = world.client().get_cookie(COOKIE).value
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stage = Stage(f"http://127.0.0.1:{server.port}", browser, token, [])
    yield stage
    for context in browser.contexts:
        context.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert stage.complaints == []


def test_rows_are_walked_and_opened_by_keys(stage: Stage) -> None:
    page = stage.page()
    page.goto(f"{stage.url}/parcels")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator(".bulk b").inner_text() == "1"
    page.keyboard.press("Enter")
    page.wait_for_url("**/parcels/2")
    page.keyboard.press("e")
    page.wait_for_url("**/parcels/2/edit")


def test_filters_sorting_and_more_swap_in_place_and_back_works(stage: Stage) -> None:
    page = stage.page()
    page.goto(f"{stage.url}/parcels")
    page.get_by_role("link", name="Load more").click()
    expect(page.locator("#list-rows > tr")).to_have_count(24)
    page.keyboard.press("/")
    page.keyboard.type("Toner")
    page.wait_for_url("**/parcels?q=Toner")
    expect(page.locator("#list-rows > tr")).to_have_count(2)
    page.get_by_role("link", name="Value").click()
    page.wait_for_url("**/parcels?q=Toner&sort=value")
    page.locator("th[aria-sort=ascending]").wait_for()
    page.get_by_label("Status").select_option("sent")
    page.wait_for_url("**/parcels?*status=sent*")
    assert "sort=value" in page.url
    page.go_back()
    page.locator("th[aria-sort=ascending]").wait_for()
    page.wait_for_load_state("networkidle")
    page.go_back()
    page.wait_for_url("**/parcels?q=Toner")


def test_a_form_is_filled_by_keyboard_and_keeps_what_was_typed(stage: Stage) -> None:
    page = stage.page()
    page.goto(f"{stage.url}/parcels/new")
    page.get_by_role("combobox", name="Client").click()
    page.keyboard.type("cont")
    page.locator("#client_id-list .option").first.wait_for()
    page.keyboard.press("Enter")
    page.get_by_label("Title").fill("conflict")
    page.get_by_label("Speed").select_option("fast")
    page.get_by_label("Value").fill("1,234.50")
    page.get_by_role("button", name="Add line").click()
    page.get_by_label("Description").fill("A laptop")
    page.get_by_label("Quantity").fill("2")
    page.get_by_label("Rate").fill("900")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("This title is taken.").wait_for()
    assert page.get_by_text("Too dear.").is_visible()
    assert page.get_by_role("combobox", name="Client").input_value() == "Contoso GmbH"
    assert page.get_by_label("Value").input_value() == "1,234.50"
    page.get_by_label("Title").fill("Laptops")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/parcels/1")
    assert page.get_by_text("Parcel sent.").is_visible()
    assert room.SENT[0]["value"] == 123450
    assert room.SENT[0]["lines"][0]["rate"] == 90000
    assert room.SENT[0]["client_id"] == room.CLIENT
    stage.complaints[:] = [one for one in stage.complaints if "422" not in one]


def test_what_cannot_be_undone_is_asked_first(stage: Stage) -> None:
    page = stage.page()
    page.goto(f"{stage.url}/parcels/4")
    page.get_by_label("More actions").click()
    page.get_by_role("button", name="Delete").click()
    assert "cannot be brought back" in page.locator("#confirm-text").inner_text()
    page.keyboard.press("Escape")
    assert page.url.endswith("/parcels/4")
    page.get_by_label("More actions").click()
    page.locator(".menu-list").get_by_role("button", name="Delete").click()
    page.locator("#confirm").get_by_role("button", name="Delete").click()
    page.get_by_text("Parcel closed.").wait_for()


def test_the_palette_goes_where_it_is_told(stage: Stage) -> None:
    page = stage.page()
    page.goto(f"{stage.url}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("rules")
    expect(page.locator(".palette .option").first).to_contain_text("Parcel rules")
    page.keyboard.press("Enter")
    page.wait_for_url("**/parcels/rules")


def test_tabs_drawer_theme_and_help(stage: Stage) -> None:
    page = stage.page()
    page.goto(f"{stage.url}/parcels/4")
    page.get_by_role("link", name="History").click()
    page.get_by_text("The history of the parcel.").wait_for()
    assert page.url.endswith("?tab=parcels-history")
    page.reload()
    page.get_by_text("The history of the parcel.").wait_for()
    page.get_by_role("link", name="Overview").last.click()
    page.get_by_role("button", name="Why?").click()
    page.get_by_text("rounded half up").wait_for()
    page.keyboard.press("Escape")
    page.locator("summary", has_text="Your account").click()
    page.get_by_role("button", name="Dark").click()
    page.keyboard.press("Escape")
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_no_page_breaks_the_accessibility_rules(stage: Stage, theme: str, width: int) -> None:
    page = stage.page(width, theme=theme, bypass_csp=True)
    for path in ("/parcels", "/parcels/4", "/parcels/1/edit", "/parcels/rules", "/", "/login", "/nowhere"):
        page.goto(stage.url + path)
        page.wait_for_load_state("networkidle")
        page.add_script_tag(path=AXE)
        found = page.evaluate("() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})")
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], path
    stage.complaints[:] = [one for one in stage.complaints if "404" not in one]


VIEWS = {"list": "/parcels", "detail": "/parcels/4", "form": "/parcels/1/edit", "gallery": "/parcels/rules", "home": "/",
         "login": "/login", "lost": "/nowhere", "gone": "/parcels/pick/x"}  # fmt: skip


@pytest.mark.skipif(not SHOTS, reason="pictures are taken when DESKHAND_SHOTS names a folder")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures(stage: Stage, theme: str) -> None:
    for name, path in VIEWS.items():
        for device, width, height in (("desktop", 1280, 860), ("phone", 360, 740)):
            page = stage.page(width, height, theme)
            page.goto(stage.url + path)
            page.wait_for_timeout(600)
            page.screenshot(path=Path(str(SHOTS)) / f"{name}-{device}-{theme}.png", full_page=name in ("gallery", "form"))
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {device}"
            page.context.close()
    stage.complaints[:] = [one for one in stage.complaints if "404" not in one]
