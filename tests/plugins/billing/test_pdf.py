"""The invoice that Dana gets on paper: complete, readable in her language, and deaf to what its texts try to say."""

from __future__ import annotations

import io
import logging
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import segno
from pypdf import PdfReader

from plugins.billing.pdf.document import labels
from plugins.billing.pdf.render import MAX_DOCUMENT, PdfFailed, Renderer

ISSUED = datetime(2026, 10, 31, 9, 0, tzinfo=UTC)
LABELS = dict(labels(str))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    one = Renderer()
    yield one
    one.close()


def line(description: str = "Managed workstation", **more: str) -> dict[str, str]:
    return {"description": description, "quantity": "2", "unit": "device", "unit_price": "45.00", "tax": "20 %",
            "net": "90.00", **more}  # fmt: skip


def invoice(**change: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "title": "Invoice", "number": "INV-2026-0042", "language": "en", "labels": LABELS,
        "seller": {"name": "Acme MSP", "lines": ["Ringstraße 12", "VAT ATU12345678"]},
        "buyer": {"name": "Müller & Söhne", "lines": ["attn. Dana Öz"]},
        "facts": [{"label": "Due date", "value": "30 Nov 2026"}, {"label": "PO number", "value": "PO-77812"}],
        "lines": [{"heading": "Contract C-1001"}, line()],
        "discounts": [{"label": "Loyalty 5 %", "amount": "−4.50 €"}],
        "subtotal": "85.50 €",
        "taxes": [{"label": "VAT 20 %", "base": "85.50 €", "amount": "17.10 €"},
                  {"label": "Reverse charge", "base": "0.00 €", "amount": "0.00 €", "note": "Recipient owes the tax."}],
        "total": "102.60 €", "credits": [{"label": "Credit CM-7", "amount": "−2.60 €"}], "amount_due": "100.00 €",
        "due_note": "by 30 November 2026",
        "payment": {"text": "Please transfer.", "details": [{"label": "IBAN", "value": "AT61 1904 3002 3457 3201"}]},
        "notes": "Thank you.", "footer": ["Acme MSP", "FN 123456a"],
    }  # fmt: skip
    return {key: value for key, value in (whole | change).items() if value is not None}


def text_of(pdf: bytes) -> list[str]:
    return [page.extract_text().replace("\u200b", "") for page in PdfReader(io.BytesIO(pdf)).pages]


def test_everything_that_must_be_on_an_invoice_is_on_it(renderer: Renderer) -> None:
    [page] = text_of(renderer.render(invoice()))
    for words in (
        "Invoice", "INV-2026-0042", "Acme MSP", "Ringstraße 12", "ATU12345678", "Müller & Söhne", "attn. Dana Öz",
        "30 Nov 2026", "PO-77812", "Contract C-1001", "Managed workstation", "device", "45.00", "90.00", "Loyalty 5 %",
        "−4.50 €", "85.50 €", "VAT 20 %", "17.10 €", "Recipient owes the tax.", "102.60 €", "Credit CM-7", "−2.60 €",
        "100.00 €", "by 30 November 2026", "AT61 1904 3002 3457 3201", "Thank you.", "FN 123456a", "Page 1 of 1",
    ):  # fmt: skip
        assert words in page


def test_a_long_invoice_repeats_its_heads_and_counts_its_pages(renderer: Renderer) -> None:
    rows = [line(f"Workstation no. {number}", detail="October") for number in range(60)]
    pages = text_of(renderer.render(invoice(lines=[{"heading": "Contract C-1001"}, *rows])))
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "INV-2026-0042" in page
    for page in pages[:2]:
        assert "UNIT PRICE" in page
        assert "Contract C-1001" in page
    whole = "\n".join(pages)
    assert all(f"Workstation no. {number}\n" in whole for number in range(60))


def test_a_draft_and_a_credit_note_say_what_they_are(renderer: Renderer) -> None:
    assert "DRAFT" in text_of(renderer.render(invoice(mark="Draft", number=None)))[0]
    note = invoice(title="Credit note", amount_due=None, payment=None, credits=None)
    [page] = text_of(renderer.render(note))
    assert "Credit note" in page
    assert "Amount due" not in page


def test_the_least_invoice_is_one_too(renderer: Renderer) -> None:
    least = {"title": "Invoice", "labels": LABELS, "seller": {"name": "A"}, "buyer": {"name": "B"}, "lines": [],
             "subtotal": "0", "total": "0"}  # fmt: skip
    assert "Page 1 of 1" in text_of(renderer.render(least))[0]


@pytest.mark.parametrize(
    "words",
    [
        '#read("/etc/passwd")', "*bold*", "$x^2$", "= Heading", "@reference", "<label>", "// comment", "\\u{41}",
        "`raw`", "[content]", "#import \"@preview/x:1.0.0\"", "#eval(\"1+1\")", "{{7*7}}", "~", "--", "'\"", "\\",
    ],
)  # fmt: skip
def test_text_is_text(renderer: Renderer, words: str) -> None:
    document = invoice(lines=[line(words)], notes=words, seller={"name": words}, mark=words)
    [page] = text_of(renderer.render(document))
    assert page.count(words) >= 3


@pytest.mark.parametrize(
    "words",
    ["€ £ ¥ $ ₹ ₺ ₴ ₪ ₫ zł", "äöüßéñşłőžđøåæ", "Ελληνικά", "Кириллица", "Tiếng Việt", "देवनागरी", "العربية", "עברית"],
)
def test_the_letters_of_our_customers_are_in_the_fonts(renderer: Renderer, words: str, caplog: pytest.LogCaptureFixture) -> None:
    renderer.render(invoice(lines=[line(words)], buyer={"name": words}))
    assert caplog.records == []


def test_a_letter_that_no_font_has_is_logged_and_the_invoice_still_made(
    renderer: Renderer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        pages = text_of(renderer.render(invoice(lines=[line("Support \U00012031")])))
    assert "Support" in pages[0]
    assert "not PDF/A" in caplog.text


def test_a_page_may_read_from_right_to_left(renderer: Renderer) -> None:
    arabic = LABELS | {"page": "صفحة {page} من {pages}", "total": "المجموع"}
    assert renderer.render(invoice(language="ar", title="فاتورة", labels=arabic, paper="us-letter"))


@pytest.mark.parametrize("words", ["word " * 3000, "x" * 4000, "a\n" * 300, "\x00\x1b[31mred\ud800\u202e", ""])
def test_awkward_descriptions_fit(renderer: Renderer, words: str) -> None:
    pages = text_of(renderer.render(invoice(lines=[line(words), line("the next line")])))
    assert "the next line" in "".join(pages)


def test_no_description_can_turn_the_amounts_around(renderer: Renderer) -> None:
    plain = renderer.render(invoice(lines=[line("Support")]), created=ISSUED)
    assert plain == renderer.render(invoice(lines=[line("Sup\u202eport\u2066")]), created=ISSUED)


def test_pictures_are_part_of_the_page(renderer: Renderer) -> None:
    picture = io.BytesIO()
    segno.make("https://pay.example/42").save(picture, kind="png")
    seller = {"name": "Acme MSP", "logo": picture.getvalue()}
    pdf = renderer.render(invoice(seller=seller, payment={"qr": picture.getvalue()}))
    assert len(PdfReader(io.BytesIO(pdf)).pages[0].images) >= 1
    with pytest.raises(PdfFailed, match="image"):
        renderer.render(invoice(seller={"name": "Acme MSP", "logo": b"not a picture"}))


def test_the_file_is_archival_and_always_the_same(renderer: Renderer) -> None:
    pdf = renderer.render(invoice(), created=ISSUED)
    assert pdf == renderer.render(invoice(), created=ISSUED)
    reader = PdfReader(io.BytesIO(pdf))
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Invoice INV-2026-0042", "Acme MSP")
    assert reader.metadata.creation_date == ISSUED
    assert b"pdfaid:part>3" in pdf


@pytest.mark.parametrize("missing", ["title", "labels", "seller", "buyer", "lines", "subtotal", "total"])
def test_a_missing_part_is_named(renderer: Renderer, missing: str) -> None:
    with pytest.raises(PdfFailed, match=missing):
        renderer.render(invoice(**{missing: None}))
    assert renderer.render(invoice())


def test_many_threads_share_a_renderer(renderer: Renderer) -> None:
    numbers = [f"INV-{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        pdfs = list(pool.map(lambda number: renderer.render(invoice(number=number)), numbers))
    assert all(number in text_of(pdf)[0] for number, pdf in zip(numbers, pdfs, strict=True))


def _huge() -> dict[str, Any]:
    return invoice(lines=[line(f"Line {number}") for number in range(30_000)])


@pytest.mark.parametrize("limits", [{"seconds": 0.2}, {"memory": 150 * 1024 * 1024}])
def test_a_limit_stops_the_child_and_the_next_invoice_is_made(limits: dict[str, Any]) -> None:
    narrow = Renderer(**limits)
    with pytest.raises(PdfFailed, match="limit of time or memory"):
        narrow.render(_huge())
    if "memory" in limits:
        assert narrow.render(invoice())
    narrow.close()


def test_a_document_beyond_all_measure_is_not_tried(renderer: Renderer) -> None:
    with pytest.raises(PdfFailed, match="at most"):
        renderer.render(invoice(notes="x" * MAX_DOCUMENT))


def test_a_killed_child_is_replaced(renderer: Renderer) -> None:
    renderer.render(invoice())
    child = renderer._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert renderer.render(invoice())


def test_the_child_has_none_of_our_secrets(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKHAND_SECRET_KEY", "s3cret")
    fresh = Renderer()
    fresh.render(invoice())
    assert fresh._child is not None
    with open(f"/proc/{fresh._child.pid}/environ", "rb") as environment:
        assert b"s3cret" not in environment.read()
    fresh.close()
