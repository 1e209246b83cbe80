"""Pages of extensions in a real browser: Carol drafts an invoice in one, and another one tries to get out of its frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from kernel.context import Actor
from kernel.gate import COOKIE
from plugins.extensions.runtime import close_guest_pool
from tests.browser.test_kit import AXE, SHOTS, browser  # noqa: F401 - a fixture
from tests.browser.test_main_job import served  # noqa: F401 - a fixture
from tests.conftest import World
from tests.extensions.conftest import build, wat_guest
from tests.extensions.room_stage import DEMO_FOLDER, MANUAL_INVOICE, PICKING, install, publish, publish_folder
from tests.plugins.billing.invoice_desk import item, lay_out_taxes, taxed_client

HOSTILE = Path(__file__).parent / "hostile_page"
WORST = {"critical", "serious"}


def signed_in(world: World, served: str, browser: Browser, complaints: list[str], who: str = "bob", **more: Any) -> Page:  # noqa: F811
    token = world.client(who).get_cookie(COOKIE)
    assert token is not None
    context = browser.new_context(viewport={"width": 1280, "height": 860}, **more)
    context.add_cookies([{"name": COOKIE, "value": token.value, "url": served}])
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def test_carol_drafts_an_invoice_in_an_extensions_page(acme: World, served: str, browser: Browser) -> None:  # noqa: F811
    build(DEMO_FOLDER)
    with acme.call(Actor.system()) as ctx:
        client_id, _ = taxed_client(ctx, lay_out_taxes(ctx)), item(ctx, EUR=9500)
    there = install(acme, publish_folder(acme, DEMO_FOLDER), MANUAL_INVOICE, *PICKING)
    complaints: list[str] = []
    page = signed_in(acme, served, browser, complaints, "carol")
    page.goto(f"{served}/apps")
    page.get_by_role("link", name="Draft an invoice").click()
    page.wait_for_url(f"**/apps/{there['id']}/0")
    frame = page.frame_locator("iframe.frame")
    frame.get_by_role("button", name="Create draft invoice").click()
    expect(frame.get_by_label("Price of one")).to_have_attribute("aria-invalid", "true")
    page.goto(f"{served}/clients/{client_id}")
    page.get_by_role("link", name="Draft an invoice").click()
    expect(frame.get_by_label("Client")).to_have_value("Hill & Sons")
    frame.get_by_label("Service").focus()
    expect(frame.locator(".line datalist option")).to_have_count(1)
    frame.get_by_label("Service").fill("Remote support")
    expect(frame.get_by_label("Price of one")).to_have_value("95.00")
    frame.get_by_label("Description").fill("On-site visit")
    frame.get_by_label("Quantity").fill("1,5")
    frame.get_by_label("same again").check()
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    high = page.locator("iframe.frame").bounding_box()
    frame.get_by_role("button", name="Add line").click()
    page.wait_for_function(
        "(before) => document.querySelector('iframe.frame').clientHeight > before + 20", arg=high["height"] if high else 0
    )
    frame.get_by_role("button", name="Remove this line").last.click()
    frame.get_by_role("button", name="Create draft invoice").click()
    expect(frame.get_by_role("heading", name="Draft invoice created")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Draft an invoice: Draft invoice over €171.00 created")
    expect(frame.get_by_text("Hill & Sons: On-site visit")).to_be_visible()
    frame.get_by_role("button", name="Open the invoice").click()
    page.wait_for_url("**/invoices/*-*")
    expect(page.get_by_text("On-site visit")).to_be_visible()
    assert [one for one in complaints if "Failed to load resource" not in one] == []
    page.context.close()
    close_guest_pool(acme.kernel)


def test_a_hostile_page_stays_in_its_frame(acme: World, served: str, browser: Browser) -> None:  # noqa: F811
    files = {f"ui/{name}": (HOSTILE / name).read_bytes() for name in ("index.html", "app.js")}
    manifest = {
        "name": "org.example.hostile-page", "publisher": "example", "title": "Hostile", "version": "1.0.0",
        "runtime": "component@1", "endpoints": [{"method": "GET", "path": "/:way", "auth": "user"}],
        "ui": [{"slot": "app", "title": "Hostile", "entry": "ui/index.html"}], "assets": ["ui/*"],
    }  # fmt: skip
    there = install(acme, publish(acme, manifest, wat_guest("polite"), files))
    asked: list[str] = []
    page = signed_in(acme, served, browser, [])
    page.on("request", lambda request: asked.append(request.url))
    home = f"{served}/apps/{there['id']}/0"
    with page.expect_console_message(lambda said: said.text.startswith("tried "), timeout=30_000) as told:
        page.goto(home)  # and nothing else: what a test asks of a page counts as a deed of the person
    tried = json.loads(told.value.text.removeprefix("tried "))
    assert page.url == home
    assert tried.pop("ownHandler") == 200
    assert tried.pop("outside") == ["refused"] * 10
    assert tried.pop("flood") is True
    tried.pop("headers")
    assert set(tried.values()) == {"refused"}, tried
    assert page.locator("iframe.frame").evaluate("(one) => one.style.cssText") == "height: 6000px;"
    expect(page.locator("#toasts")).to_contain_text("Hostile: <img")
    assert page.locator("#toasts .toast-box").count() == 1
    assert page.locator("#toasts img").count() == 0
    _send_from_elsewhere(page)
    page.frame_locator("iframe.frame").locator("#go").click()
    page.wait_for_timeout(800)
    assert page.url == home
    assert [one for one in asked if "elsewhere" in one and "stolen" in one and not one.startswith(served)] == []
    assert acme.client("bob").get("/").status_code == 200, "nobody was signed out"
    page.context.close()
    close_guest_pool(acme.kernel)


def _send_from_elsewhere(page: Page) -> None:
    """Messages that are not of a sandboxed frame of ours get no answer."""
    page.evaluate("window.heard = []; window.postMessage({deskhand: 1, type: 'ready', nonce: 'x'}, '*')")
    page.evaluate("document.body.append(Object.assign(document.createElement('iframe'), {name: 'other'}))")
    other = page.frame(name="other")
    assert other is not None
    ask = """(calls) => new Promise((done) => {
      if (calls) frameElement.dataset.calls = calls, frameElement.dataset.welcome = '{}';
      addEventListener('message', (event) => done(event.data.type));
      parent.postMessage({deskhand: 1, type: 'ready', nonce: 'y'}, '*');
      setTimeout(() => done('silence'), 400);
    })"""
    assert other.evaluate(ask, "") == "silence", "a frame that is none of ours"
    assert other.evaluate(ask, "/api/") == "silence", "a frame that is not sandboxed"


def test_the_page_reads_well_on_a_phone_and_in_the_dark(acme: World, served: str, browser: Browser) -> None:  # noqa: F811
    there = install(acme, publish_folder(acme, DEMO_FOLDER), MANUAL_INVOICE, *PICKING)
    for theme, width in (("light", 1280), ("dark", 390)):
        complaints: list[str] = []
        page = signed_in(acme, served, browser, complaints, color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 860})
        page.goto(f"{served}/apps/{there['id']}/0")
        frame = page.frame_locator("iframe.frame")
        expect(frame.locator("html")).to_have_attribute("data-theme", theme)
        expect(frame.get_by_role("button", name="Create draft invoice")).to_be_visible()
        inner = next(one for one in page.frames if one != page.main_frame)
        assert inner.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        assert [one for one in complaints if "404" not in one] == []
        inner.evaluate(AXE.read_text())
        found = inner.evaluate("() => axe.run(document)")["violations"]
        assert [one["id"] for one in found if one["impact"] in WORST] == []
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/extension-{theme}-{width}.png")
        page.context.close()
    close_guest_pool(acme.kernel)
