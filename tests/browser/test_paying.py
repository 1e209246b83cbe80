"""Dana pays in a browser: the button of a payment page leads to the payment service, whatever the page's policy says of forms."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect
from stripe_fake import running

from tests.browser.test_kit import browser  # noqa: F401 - a fixture
from tests.browser.test_main_job import served  # noqa: F401 - a fixture
from tests.conftest import World
from tests.plugins.payments.conftest import connected


def test_the_button_leads_to_the_payment_service(
    acme: World,
    served: str,  # noqa: F811
    browser: Browser,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running() as stripe:
        monkeypatch.setenv("DESKHAND_STRIPE_URL", stripe.url)
        desk = connected(acme, stripe)
        desk.drain()
        path = desk.link(desk.owe())
        page = browser.new_context(viewport={"width": 375, "height": 760}, color_scheme="dark").new_page()
        page.goto(f"{served}{path}")
        expect(page.get_by_text("Acme MSP").first).to_be_visible()
        expect(page.get_by_label("Your name")).to_be_hidden()
        page.get_by_label("Pay later invoices automatically").check()
        expect(page.get_by_label("Your name")).to_be_visible()
        page.get_by_label("Pay later invoices automatically").uncheck()
        page.get_by_role("button", name="Pay €120.00").click()
        page.wait_for_url(re.compile(f"^{re.escape(stripe.url)}/"))
        page.context.close()
