"""Products by keyboard: Alice puts one on an invoice without a mouse, at the price that this client was promised."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from kernel.context import Actor
from plugins.catalog.client_prices import add_client_price
from plugins.catalog.services import add_item
from tests.browser.test_kit import browser  # noqa: F401 - a fixture
from tests.browser.test_main_job import _sign_in, served  # noqa: F401 - a fixture
from tests.conftest import World
from tests.plugins.billing.invoice_desk import lay_out_taxes, taxed_client


def test_a_product_is_picked_by_keyboard(acme: World, served: str, browser: Browser) -> None:  # noqa: F811
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        prices = [{"currency": "EUR", "amount": 28000}]
        item = add_item(ctx, name="Switch 24 ports", kind="product", sku="SW-24", prices=prices)
        add_item(ctx, name="Unpriced dock", kind="product", sku="DK-1")
        add_client_price(ctx, client_id=client_id, item_id=item.id, amount=25000)
    page = browser.new_context(viewport={"width": 1360, "height": 900}).new_page()
    _sign_in(page, served, acme)
    page.goto(f"{served}/invoices/new/{client_id}")
    page.get_by_role("button", name="Add line").press("Enter")
    field = page.get_by_role("combobox", name="Item")
    field.press_sequentially("dk-1")
    expect(page.locator('[role="option"]')).to_contain_text("no price in EUR")
    field.fill("")
    field.press_sequentially("sw-24")
    expect(page.locator('[role="option"]')).to_contain_text("€250.00")
    field.press("Enter")
    expect(field).to_have_value("Switch 24 ports")
    page.get_by_role("button", name="Write draft").press("Enter")
    expect(page.get_by_text("Product", exact=True).first).to_be_visible()
    expect(page.get_by_text("€250.00").first).to_be_visible()
    page.context.close()
