"""Layouts are data: what they may say, what is printed by them, and what a hostile one cannot do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.hookspecs.papers import InvoicePaper, PaperParty
from plugins.billing.layouts import editing
from plugins.billing.layouts.blocks import LINE_COLUMNS, SCHEMAS
from plugins.billing.layouts.conditions import holds
from plugins.billing.layouts.document import MOST_BLOCKS, ON_THE_PAGE, LayoutInvalid, check_document, every_block
from plugins.billing.layouts.fields import FIELDS, fill, text_of
from plugins.billing.layouts.html import render_html, security_policy
from plugins.billing.layouts.laying import lay_out
from plugins.billing.layouts.sample import sample_paper
from plugins.billing.layouts.standards import STANDARDS
from plugins.billing.pdf.render import Renderer

SAMPLE = sample_paper("en")
ID = str(UUID(int=5))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    one = Renderer()
    yield one
    one.close()


def layout(*blocks: dict[str, Any], **page: Any) -> dict[str, Any]:
    return {"format": 1, "page": page, "blocks": list(blocks)}


def refused(document: Any) -> dict[str, str]:
    with pytest.raises(LayoutInvalid) as caught:
        check_document(document)
    return dict(caught.value.errors)


def items(paper: InvoicePaper, *blocks: dict[str, Any]) -> Any:
    return lay_out(paper, check_document(layout(*blocks)), {})["items"]


def test_each_mistake_has_the_path_of_its_block() -> None:
    bad = layout(
        {"kind": "text", "text": "{x.y}", "size": "huge"},
        {"kind": "columns", "columns": [{"width": 0, "blocks": [{"kind": "spacer", "height": 999}, {"kind": "page_break"}]}]},
        {"kind": "facts", "rows": [{"field": "invoice.date"}, {"field": "invoice.secret"}]},
        {"kind": "totals", "when": [{"field": "invoice.total", "asks": "above", "value": "much"}]},
        {"kind": "lines", "columns": [{"show": "net"}, {"show": "net"}]},
        {"kind": "script"},
        accent="red;}", font_size=9.5,
    )  # fmt: skip
    assert set(refused(bad)) == {
        "blocks[0].text", "blocks[0].size", "blocks[1].columns[0].width", "blocks[1].columns[0].blocks[0].height",
        "blocks[1].columns[0].blocks[1].kind", "blocks[2].rows[1].field", "blocks[3].when[0].value", "blocks[4].columns",
        "blocks[5].kind", "page.accent", "page.font_size",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (None, "document"),
        ([], "document"),
        ({"format": 2, "blocks": []}, "format"),
        ({"format": 1}, "blocks"),
        ({"format": 1, "blocks": [], "script": "x"}, "script"),
        ({"format": 1, "blocks": [7]}, "blocks[0].kind"),
        (layout(*[{"kind": "rule"}] * (MOST_BLOCKS + 1)), "blocks"),
        (layout(*[{"kind": "reckoning"}] * 2), "blocks[1].kind"),
        (layout({"kind": "text", "text": "x" * 2001}), "blocks[0].text"),
        (layout({"kind": "text", "text": "x", "on": 1}), "blocks[0].on"),
        (layout({"kind": "image", "image": "../../etc/passwd", "height": 10}), "blocks[0].image"),
        ({"format": 1, "blocks": [{"kind": "notes", "label": "x" * 70_000}]}, "document"),
        (layout({"kind": "facts", "rows": [{"field": "invoice.date"}] * 21}), "blocks[0].rows"),
    ],
)
def test_a_layout_is_bounded(document: Any, path: str) -> None:
    assert path in refused(document)


def test_depth_is_bounded() -> None:
    deep: Any = {"kind": "rule"}
    for _ in range(400):
        deep = {"kind": "columns", "columns": [{"width": 1, "blocks": [deep]}]}
    assert refused(layout(deep))


def test_a_checked_layout_says_everything_and_is_its_own_check() -> None:
    for document in STANDARDS.values():
        assert check_document(document) == document
    keys = [
        block["key"] for block in every_block(check_document(layout({"kind": "rule", "key": "a"}, {"kind": "rule", "key": "a"})))
    ]
    assert len(set(keys)) == 2


def test_fields_are_filled_once_and_in_the_clients_language() -> None:
    nasty = replace(SAMPLE, buyer=PaperParty("{seller.name} {{7*7}}"), locale="de")
    [text] = items(nasty, {"kind": "text", "text": "{client.name} · {invoice.date} · {invoice.total} · {not a field}"})
    assert text["text"] == "{seller.name} {{7*7}} · 02.11.2026 · 1.638,00\xa0€ · {not a field}"
    assert set(FIELDS) == {name for name in FIELDS if isinstance(text_of(name, SAMPLE), str)}
    assert fill("{client.name}", nasty) == "{seller.name} {{7*7}}"


@pytest.mark.parametrize(
    ("field", "asks", "value", "answer"),
    [
        ("invoice.po_number", "set", "", True),
        ("invoice.corrects", "missing", "", True),
        ("invoice.total", "above", "1637.99", True),
        ("invoice.total", "above", "1638", False),
        ("invoice.total", "below", "1638.01", True),
        ("invoice.total", "equals", "1638", True),
        ("invoice.currency", "equals", "eur", True),
        ("invoice.currency", "differs", "USD", True),
        ("invoice.paid", "set", "", True),
        ("invoice.date", "equals", "2026-11-02", True),
        ("invoice.lines", "below", "4", False),
        ("invoice.total", "equals", "x", False),
        ("invoice.kind", "equals", "credit_note", False),
    ],
)
def test_conditions(field: str, asks: str, value: str, answer: bool) -> None:
    assert holds([{"field": field, "asks": asks, "value": value}], SAMPLE) is answer


def test_all_conditions_must_hold_and_money_without_decimals_is_money() -> None:
    yen = sample_paper("ja", "JPY")
    one, other = ({"field": "invoice.total", "asks": asks, "value": "1638"} for asks in ("equals", "above"))
    assert (yen.exponent, holds([one], yen), holds([one, other], yen), holds([], yen)) == (0, True, False, True)
    assert items(yen, {"kind": "totals", "when": [one]})
    assert not items(yen, {"kind": "totals", "when": [other]})


def table(**choices: Any) -> Any:
    columns = [{"show": name} for name in choices.pop("show", ("description", "net"))]
    [found] = items(SAMPLE, {"kind": "lines", "columns": columns, **choices})
    return found


def names(found: Any) -> dict[str, list[str]]:
    return {group["heading"]: [row[0]["text"].split(",")[0] for row in group["rows"]] for group in found["groups"]}


def test_lines_are_grouped_sorted_and_chosen() -> None:
    by_goods = table(group_by="goods", group_sums=True)
    assert names(by_goods) == {"Services": ["Managed care", "Remote support"], "Products": ["Docking station with two displays"],
                               "Licenses": ["Office suite"]}  # fmt: skip
    assert [group["sum"] for group in by_goods["groups"]] == ["€1,075.00", "€230.00", "€120.00"]
    assert list(names(table(group_by="location"))) == ["Head office", "All locations"]
    assert list(names(table(group_by="ticket"))) == ["Without ticket", "Ticket 1042"]
    assert list(names(table(group_by="tax"))) == ["20%", "10%"]
    assert names(table(sort_by="amount"))[""][0] == "Remote support"
    assert names(table(sort_by="description"))[""] == sorted(names(table())[""])
    assert names(table(lines="goods"))[""] == ["Docking station with two displays", "Office suite"]
    assert names(table(lines="services"))[""] == ["Managed care", "Remote support"]


def test_columns_and_small_print_are_as_chosen() -> None:
    found = table(show=("position", "description", "quantity", "tax", "discount", "total", "period"), details=["kind", "ticket"])
    assert [one["label"] for one in found["columns"]] == [
        "Pos.",
        "Description",
        "Qty",
        "Tax",
        "Discount",
        "With tax",
        "Service period",
    ]
    care, support, station, _ = found["groups"][0]["rows"]
    assert [cell["text"] for cell in care] == [
        "1",
        "Managed care, head office",
        "1",
        "20%",
        "-€50.00",
        "€420.00",
        "Oct 1\u2009–\u200931, 2026",
    ]
    assert (support[2]["text"], support[2]["after"], station[1]["below"]) == ("7.5", "h", "Product · Ticket 1042")


def test_the_page_of_html_is_escaped_and_says_what_the_paper_says() -> None:
    nasty = replace(SAMPLE, buyer=PaperParty("<script>alert(1)</script>\u202e"), notes='"><img src=x onerror=y>')
    sheet = lay_out(nasty, STANDARDS["detailed"], {})
    page = render_html(sheet).decode()
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
    for words in (
        "INV-000042",
        "€1,638.00",
        "Loyalty discount",
        "Office suite, monthly",
        "How the amounts came about",
        "Head office",
    ):
        assert words in page
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src data:;.*", security_policy(sheet))
    assert 'style="' not in page


@pytest.mark.parametrize("locale", ["en", "de", "fr", "ja", "pt-BR"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_every_standard_layout_prints_every_language_and_currency(renderer: Renderer, locale: str, currency: str) -> None:
    for document in STANDARDS.values():
        sheet = lay_out(sample_paper(locale, currency), document, {})
        assert renderer.render(sheet).startswith(b"%PDF")
        assert currency in render_html(sheet).decode() or currency == "EUR" or "¥" in render_html(sheet).decode()


def _texts() -> st.SearchStrategy[str]:
    return st.text(max_size=60).map(lambda words: words.replace("{", "(") or "x")


def _blocks() -> st.SearchStrategy[Any]:
    text = st.fixed_dictionaries({"kind": st.just("text"), "text": _texts(), "size": st.sampled_from(["small", "title"])})
    plain = st.sampled_from([{"kind": kind} for kind in sorted(set(SCHEMAS) - {"text", "facts", "columns", "image", "lines"})])
    facts = st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=20).map(
        lambda found: {"kind": "facts", "rows": [{"field": one} for one in found]}
    )
    simple = st.one_of(text, plain, facts)
    columns = st.lists(st.lists(simple, max_size=4), min_size=1, max_size=3).map(
        lambda found: {"kind": "columns", "columns": [{"width": 1 + at, "blocks": one} for at, one in enumerate(found)]}
    )
    return st.lists(st.one_of(simple, columns), max_size=10)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_blocks(), st.integers(7, 14), st.integers(12, 80))
def test_any_layout_that_passes_the_check_prints(renderer: Renderer, blocks: Any, size: int, margin: int) -> None:
    asked = layout(*blocks, font_size=size, bottom=margin)
    try:
        document = check_document(asked)
    except LayoutInvalid:
        assert all(one.startswith("blocks") for one in refused(asked))
        return
    sheet = lay_out(SAMPLE, document, {})
    assert renderer.render(sheet).startswith(b"%PDF")
    assert render_html(sheet)


def test_the_worst_layout_ends(renderer: Renderer) -> None:
    """As much as the bounds allow, with an invoice of 200 lines of long words."""
    words = {"kind": "text", "text": "W" * 2000, "size": "title"}
    shown = [{"show": name} for name in LINE_COLUMNS]
    lines = {
        "kind": "lines",
        "columns": shown,
        "group_by": "ticket",
        "details": ["kind", "period", "location", "contract", "ticket"],
    }
    narrow = {"kind": "columns", "columns": [{"width": 12, "blocks": []}, {"width": 1, "blocks": [lines, words]},
                                             {"width": 1, "blocks": [words]}]}  # fmt: skip
    document = check_document(layout(narrow, lines, lines, *[words] * 25, {"kind": "reckoning"}, font_size=14, left=60, right=60))
    many = tuple(SAMPLE.lines[1]._replace(position=at, description="W" * 300, ticket=str(at)) for at in range(200))
    sheet = lay_out(replace(SAMPLE, lines=many), document, {})
    assert renderer.render(sheet).startswith(b"%PDF")


def test_editing_moves_blocks_through_columns_and_out_again() -> None:
    columns = [{"width": 1, "blocks": [{"kind": "rule", "key": "x"}]}, {"width": 1, "blocks": []}]
    middle = {"kind": "columns", "key": "c", "columns": columns}
    document = check_document(layout({"kind": "rule", "key": "a"}, middle, {"kind": "rule", "key": "b"}))

    def order(one: Any) -> list[str]:
        return [block["key"] for block in every_block(one)]

    assert order(editing.with_move(document, "a", 1)) == ["c", "x", "a", "b"]
    assert order(editing.with_move(document, "a", -1)) == ["a", "c", "x", "b"]
    beyond = editing.with_move(document, "x", 1)
    assert [len(one["blocks"]) for one in beyond["blocks"][1]["columns"]] == [0, 1]
    assert order(editing.with_move(beyond, "x", 1)) == ["a", "c", "x", "b"]
    assert order(editing.with_move(document, "x", -1)) == ["a", "x", "c", "b"]
    assert order(editing.with_put(document, "b", "c:1")) == ["a", "c", "x", "b"]
    assert order(editing.without_block(document, "c")) == ["a", "b"]
    narrower = editing.with_columns(document, "c", [{"width": 5, "at": 0}, {"width": 2, "at": None}])
    assert [(one["width"], len(one["blocks"])) for one in narrower["blocks"][1]["columns"]] == [(5, 1), (2, 0)]
    assert document["blocks"][1]["columns"][0]["width"] == 1
    for kind in SCHEMAS:
        changed, key = editing.with_new_block(document, kind, "" if kind in ON_THE_PAGE else "c:1")
        if kind == "image":
            changed = editing.with_block(changed, key, {"image": ID})
        assert editing.find_block(check_document(changed), key)["kind"] == kind
    assert editing.path_of(document, "x") == "blocks[1].columns[0].blocks[0]"


def test_a_code_to_scan_is_for_euros_alone() -> None:
    def codes(paper: InvoicePaper) -> list[str]:
        return list(lay_out(paper, STANDARDS["classic"], {})["images"])

    assert codes(SAMPLE) == ["code"]
    assert codes(sample_paper("en", "JPY")) == codes(replace(SAMPLE, settled=SAMPLE.total)) == []
    assert Decimal(SAMPLE.due).scaleb(-2) == Decimal("1438.00")
    assert SAMPLE.due_date > date(2026, 11, 2)
