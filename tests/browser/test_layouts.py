"""The editor of invoice layouts in a browser: Alice moves a block by keyboard and mouse, and sees the page change."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from kernel.context import Actor
from plugins.billing.layouts import store
from tests.browser.test_kit import AXE, browser  # noqa: F401 - a fixture
from tests.browser.test_main_job import _sign_in, served  # noqa: F401 - a fixture
from tests.conftest import World
from tests.plugins.billing.invoice_desk import draft, lay_out_taxes, taxed_client

WORST = {"critical", "serious"}


def test_a_block_is_moved_and_changed_by_keyboard(acme: World, served: str, browser: Browser) -> None:  # noqa: F811
    with acme.call(Actor.system()) as ctx:
        invoice = draft(ctx, taxed_client(ctx, lay_out_taxes(ctx)))
        classic = next(one for one in store.find_layouts(ctx) if one.key == "classic")
        layout = store.clone_layout(ctx, classic.id, "House style")
        first, second, *_ = (one["key"] for one in store.document_of(ctx, layout)["blocks"])
    page, complaints = browser.new_context(viewport={"width": 1360, "height": 900}).new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    _sign_in(page, served, acme)
    page.goto(f"{served}/invoice-layouts/{layout.id}")
    picture = page.locator("#preview img")
    expect(picture).to_be_visible()
    page.locator(f"#down-{first}").press("Enter")
    expect(page.locator("#blocks ol > li").first).to_have_id(f"block-{second}")
    expect(page.locator(f"#down-{first}")).to_be_focused()
    page.locator(f"#block-{first}").drag_to(page.locator(f"#block-{second}"), target_position={"x": 20, "y": 3})
    expect(page.locator("#blocks ol > li").first).to_have_id(f"block-{first}")
    page.get_by_role("link", name="Amount due, at a glance").press("Enter")
    page.wait_for_url(re.compile("block\\?key="))
    page.goto(f"{served}/invoice-layouts/{layout.id}/page")
    expect(picture).to_be_visible()
    before = picture.get_attribute("src")
    page.get_by_label("Accent colour").fill("#b91c1c")
    expect(picture).not_to_have_attribute("src", before or "")
    page.get_by_label("Accent colour").fill("red")
    expect(page.locator("#preview")).to_contain_text("A colour such as #1f4b99.")
    page.get_by_label("Accent colour").fill("#b91c1c")
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_role("button", name="Publish").press("Enter")
    expect(page.get_by_text("Version 2 is in force.")).to_be_visible()
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run(document.querySelector('#main'))")["violations"]
    assert [one["id"] for one in found if one["impact"] in WORST] == []
    page.goto(f"{served}/invoices/{invoice.id}/print")
    expect(page.get_by_role("table").first).to_contain_text("Work")
    expect(page.locator(".lines thead th").first).to_have_css("border-bottom-color", "rgb(31, 75, 153)")
    assert complaints == []
    page.context.close()
