"""Carol designs her invoice in the browser: clone, move, edit, look, publish, restore."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from typing import Any
from uuid import UUID

import pytest

from house.stage import csrf_of
from kernel.context import Actor
from plugins.billing.layouts import choosing, store
from plugins.billing.layouts.document import every_block
from plugins.billing.layouts.editing import find_block
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, taxed_client
from tests.plugins.billing.test_layout_store import png

HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(acme: Any) -> Any:
    return acme.client("carol")


def send(browser: Any, page: str, to: str, form: dict[str, str], **headers: str) -> Any:
    token = csrf_of(browser.get(page).text)
    return browser.post(to, data={"csrf_token": token, **form}, headers=headers)


@pytest.fixture
def mine(acme: Any, browser: Any) -> UUID:
    with acme.call(Actor.system()) as ctx:
        classic = next(one.id for one in store.find_layouts(ctx) if one.key == "classic")
    form = f"/invoice-layouts/{classic}/clone"
    made = send(browser, form, form, {"name": "House style"})
    assert made.status_code == 303, made.text
    return UUID(made.headers["Location"].rsplit("/", 1)[1])


def blocks(acme: Any, layout_id: UUID) -> Any:
    with acme.call(Actor.system()) as ctx:
        return store.document_of(ctx, store.get_layout(ctx, layout_id))


def key_of(document: Any, kind: str) -> str:
    return str(next(one["key"] for one in every_block(document) if one["kind"] == kind))


def test_blocks_are_moved_added_put_and_removed(acme: Any, browser: Any, mine: UUID) -> None:
    page = f"/invoice-layouts/{mine}"
    first, second, *_ = (one["key"] for one in blocks(acme, mine)["blocks"])
    moved = send(browser, page, f"{page}/blocks/move", {"key": first, "by": "1"}, **HTMX)
    assert (moved.status_code, "<html" in moved.text, "Publish" in moved.text) == (200, False, True)
    assert [one["key"] for one in blocks(acme, mine)["blocks"]][:2] == [second, first]
    columns = key_of(blocks(acme, mine), "columns")
    added = send(browser, page, f"{page}/blocks/add", {"kind": "text", "column": f"{columns}:1"})
    assert added.headers["Location"].startswith(f"{page}/block?key=")
    text = added.headers["Location"].rsplit("=", 1)[1]
    assert find_block(blocks(acme, mine), columns)["columns"][1]["blocks"][-1]["key"] == text
    send(browser, page, f"{page}/blocks/put", {"key": text, "column": ""})
    assert blocks(acme, mine)["blocks"][-1]["key"] == text
    send(browser, page, f"{page}/blocks/drop", {"key": text, "near": second, "side": "after"})
    assert [one["key"] for one in blocks(acme, mine)["blocks"]][:3] == [second, text, first]
    inner = find_block(blocks(acme, mine), columns)["columns"][0]["blocks"][0]["key"]
    send(browser, page, f"{page}/blocks/drop", {"key": text, "near": inner, "side": "before"})
    assert find_block(blocks(acme, mine), columns)["columns"][0]["blocks"][0]["key"] == text
    send(browser, page, f"{page}/blocks/drop", {"key": columns, "near": inner, "side": "before"})
    assert key_of(blocks(acme, mine), "columns") == columns, "what is dropped into itself stays"
    assert send(browser, page, f"{page}/blocks/put", {"key": text, "column": f"{columns}:²"}).status_code == 404
    assert send(browser, page, f"{page}/blocks/remove", {"key": text}).status_code == 303
    assert blocks(acme, mine)["blocks"][-1]["key"] != text
    gone = send(browser, page, f"{page}/blocks/remove", {"key": text}, **HTMX)
    assert gone.status_code == 404


def test_a_block_is_edited_beside_what_it_looks_like(acme: Any, browser: Any, mine: UUID) -> None:
    page, key = f"/invoice-layouts/{mine}", key_of(blocks(acme, mine), "lines")
    form = f"{page}/block?key={key}"
    typed = {"kind": "lines", "key": key, "columns-0-show": "description", "columns-1-show": "net", "columns-1-label": "Sum",
             "details": "period", "lines": "all", "group_by": "goods", "group_sums": "true", "sort_by": "amount",
             "small": "false", "when-0-field": "invoice.total", "when-0-asks": "above", "when-0-value": "much",
             "row_version": "1"}  # fmt: skip
    looked = send(browser, form, f"{page}/preview?key={key}", typed)
    assert "Write a number such as 1000" in looked.text
    refused = send(browser, form, form, typed)
    assert (refused.status_code, "Write a number such as 1000" in refused.text, 'value="Sum"' in refused.text) == (
        422,
        True,
        True,
    )
    right = typed | {"when-0-value": "100"}
    looked = send(browser, form, f"{page}/preview?key={key}", right)
    [picture] = re.findall(r"data:image/png;base64,([\w+/=]+)", looked.text)
    assert b64decode(picture).startswith(b"\x89PNG")
    assert send(browser, form, form, right).status_code == 303
    block = find_block(blocks(acme, mine), key)
    assert (block["group_by"], block["columns"][1], block["when"][0]["value"]) == (
        "goods",
        {"show": "net", "label": "Sum"},
        "100",
    )
    stale = send(browser, form, form, right | {"group_by": "kind"})
    assert stale.status_code == 412
    assert 'value="Sum"' in browser.get(form).text


def test_columns_keep_their_blocks_when_widths_change(acme: Any, browser: Any, mine: UUID) -> None:
    page, key = f"/invoice-layouts/{mine}", key_of(blocks(acme, mine), "columns")
    form = f"{page}/block?key={key}"
    widths = {
        "kind": "columns",
        "key": key,
        "columns-1-at": "1",
        "columns-1-width": "7",
        "columns-5-width": "2",
        "columns-5-at": "",
    }
    assert send(browser, form, form, widths).status_code == 303
    columns = find_block(blocks(acme, mine), key)["columns"]
    assert [(one["width"], [inner["kind"] for inner in one["blocks"]]) for one in columns] == [(7, ["seller"]), (2, [])]


def test_the_page_is_set_published_and_an_earlier_version_restored(acme: Any, browser: Any, mine: UUID) -> None:
    page = f"/invoice-layouts/{mine}"
    setup = {"paper": "us-letter", "font_size": "10", "accent": "#0f766e", "top": "15", "right": "15", "bottom": "20",
             "left": "15", "footer": "{seller.name}\nBank 4711", "page_numbers": "true", "running_head": "false",
             "mark": "true"}  # fmt: skip
    wrong = send(
        browser, f"{page}/page", f"{page}/page", setup | {"accent": "red", "top": "3", "footer": "{x.y}", "row_version": "1"}
    )
    assert wrong.status_code == 422
    for words in ("A colour such as #1f4b99.", "greater than or equal to 8", "There is no field x.y."):
        assert words in wrong.text
    assert send(browser, f"{page}/page", f"{page}/page", setup | {"row_version": "1"}).status_code == 303
    assert blocks(acme, mine)["page"]["footer"] == ["{seller.name}", "Bank 4711"]
    assert "Bank 4711" in browser.get(f"{page}/page").text
    assert send(browser, page, f"{page}/publish", {}).status_code == 303
    with acme.call(Actor.system()) as ctx:
        assert (store.get_layout(ctx, mine).current, store.get_layout(ctx, mine).draft) == (2, None)
    assert send(browser, page, f"{page}/restore", {"number": "1"}).status_code == 303
    assert blocks(acme, mine)["page"]["paper"] == "a4"
    send(browser, page, f"{page}/blocks/remove", {"key": blocks(acme, mine)["blocks"][0]["key"]})
    assert send(browser, page, f"{page}/discard", {}).status_code == 303
    assert len(blocks(acme, mine)["blocks"]) == 11


def test_who_gets_which_and_what_is_in_use(acme: Any, browser: Any, mine: UUID) -> None:
    with acme.call(Actor.system()) as ctx:
        hill = taxed_client(ctx, lay_out_taxes(ctx))
    new = "/invoice-layouts/choices/new"
    assert send(browser, new, new, {"layout_id": str(mine), "client_id": str(hill), "kind": "invoice"}).status_code == 303
    listed = browser.get("/invoice-layouts").text
    assert "Hill &amp; Sons" in listed
    refused = send(browser, f"/invoice-layouts/{mine}", f"/invoice-layouts/{mine}/delete", {})
    assert (refused.status_code, "House style is chosen for Hill &amp; Sons." in refused.text) == (409, True)
    with acme.call(Actor.system()) as ctx:
        [choice] = choosing.list_choices(ctx)
    assert send(browser, "/invoice-layouts", f"/invoice-layouts/choices/{choice.id}/drop", {}).status_code == 303
    assert send(browser, "/invoice-layouts", f"/invoice-layouts/{mine}/default", {}).status_code == 303
    with acme.call(Actor.system()) as ctx:
        version = final(ctx, hill).layout_version_id
        assert version == store.version_in_force(ctx, store.get_layout(ctx, mine)).id


def test_an_invoice_is_looked_at_and_printed_as_a_page(acme: Any, browser: Any, mine: UUID) -> None:
    with acme.call(Actor.system()) as ctx:
        invoice = draft(ctx, taxed_client(ctx, lay_out_taxes(ctx), "<b>Hill</b>"))
    preview = browser.get(f"/invoice-layouts/{mine}/preview?invoice_id={invoice.id}")
    assert preview.text.count("data:image/png") == 1
    assert browser.get(f"/invoice-layouts/{mine}/preview?invoice_id={mine}").status_code == 404
    assert invoice.number in browser.get(f"/invoice-layouts/invoices?q={invoice.number}").text
    assert browser.get(f"/invoice-layouts/{mine}/preview.pdf").data.startswith(b"%PDF")
    printed = browser.get(f"/invoices/{invoice.id}/print")
    assert "&lt;b&gt;Hill&lt;/b&gt;" in printed.text
    assert "DRAFT" in printed.text
    assert "script-src" not in printed.headers["Content-Security-Policy"]
    assert f"/invoices/{invoice.id}/print" in browser.get(f"/invoices/{invoice.id}").text


def test_a_logo_is_uploaded_and_chosen(acme: Any, browser: Any, mine: UUID) -> None:
    new = "/invoice-layouts/images/new"
    token = csrf_of(browser.get(new).text)
    empty = browser.post(new, data={"csrf_token": token, "name": ""})
    assert (empty.status_code, "Choose a file." in empty.text) == (422, True)
    sent = browser.post(new, data={"csrf_token": token, "name": "", "content": (io.BytesIO(png()), "logo.png")})
    assert sent.status_code == 303
    page = browser.get("/invoice-layouts/images").text
    assert "logo.png" in page
    [image] = re.findall(r'src="(/invoice-layouts/images/[\w-]+)"', page)
    assert browser.get(image).data == png()
    form = f"/invoice-layouts/{mine}/block?key={key_of(blocks(acme, mine), 'letterhead')}"
    key = form.rsplit("=", 1)[1]
    sent = send(browser, form, form, {"kind": "letterhead", "key": key, "image": image.rsplit("/", 1)[1], "height": "18"})
    assert sent.status_code == 303
    assert "data:image/png" in browser.get(f"/invoice-layouts/{mine}/preview").text
    used = send(browser, "/invoice-layouts/images", f"{image}/delete", {})
    assert used.status_code == 409


def test_bob_designs_nothing(acme: Any, mine: UUID) -> None:
    bob = acme.client("bob")
    for page in ("/invoice-layouts", f"/invoice-layouts/{mine}", f"/invoice-layouts/{mine}/preview", "/invoice-layouts/images"):
        assert bob.get(page).status_code == 403
