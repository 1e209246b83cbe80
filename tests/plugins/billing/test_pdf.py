"""The invoice that Dana gets on paper: complete, readable in her language, and deaf to what its texts try to say."""

from __future__ import annotations

import io
import logging
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest
import segno
from pypdf import PdfReader

from kernel.hookspecs.papers import InvoicePaper, PaperAccount, PaperDiscount, PaperLine, PaperParty, PaperSettled, PaperTax
from plugins.billing.layouts.document import check_document
from plugins.billing.layouts.laying import lay_out
from plugins.billing.layouts.sample import sample_paper
from plugins.billing.layouts.standards import STANDARDS
from plugins.billing.pdf.render import MAX_DOCUMENT, PdfFailed, Renderer

ISSUED = datetime(2026, 10, 31, 9, 0, tzinfo=UTC)
SAMPLE = sample_paper("en")


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    one = Renderer()
    yield one
    one.close()


def line(description: str = "Managed workstation", **more: Any) -> PaperLine:
    first = SAMPLE.lines[0]
    return first._replace(description=description, kind="fixed", quantity=Decimal(2), unit="device", unit_price=4500,
                          net=9000, taxes=((0, 1710),), period_start=None, period_end=None, contract="C-1001", trace={},
                          **more)  # fmt: skip


def invoice(**change: Any) -> InvoicePaper:
    whole: dict[str, Any] = {
        "number": "INV-2026-0042", "notes": "Thank you.", "po_number": "PO-77812", "due_date": date(2026, 11, 30),
        "seller": PaperParty("Acme MSP", ("Ringstraße 12",), tax_id="ATU12345678"), "footer": ("FN 123456a",),
        "buyer": PaperParty("Müller & Söhne", ("attn. Dana Öz",)), "lines": (line(),), "net": 9000, "discount": 450,
        "discounts": (PaperDiscount("Loyalty 5 %", 450),), "subtotal": 8550, "tax": 1710, "total": 10260, "settled": 260,
        "taxes": (PaperTax("VAT 20 %", "S", Decimal(20), 8550, 1710),
                  PaperTax("Reverse charge", "AE", Decimal(0), 0, 0, note="Recipient owes the tax.")),
        "settlements": (PaperSettled("credit", date(2026, 11, 2), 260),),
        "account": PaperAccount(("Please transfer.", "IBAN: AT61 1904 3002 3457 3201"), "AT611904300234573201"),
    }  # fmt: skip
    return replace(SAMPLE, **(whole | change))


def sheet(paper: InvoicePaper | None = None, layout: str | dict[str, Any] = "classic", **images: bytes) -> Any:
    document = STANDARDS[layout] if isinstance(layout, str) else check_document(layout)
    return lay_out(paper or invoice(), document, images)


def by_contract() -> dict[str, Any]:
    lines = {
        "kind": "lines",
        "columns": [{"show": "description"}, {"show": "unit_price"}, {"show": "net"}],
        "group_by": "contract",
    }
    return {"format": 1, "blocks": [{"kind": "letterhead"}, lines]}


def text_of(pdf: bytes) -> list[str]:
    return [page.extract_text().replace("\u200b", "") for page in PdfReader(io.BytesIO(pdf)).pages]


def test_everything_that_must_be_on_an_invoice_is_on_it(renderer: Renderer) -> None:
    [page] = text_of(renderer.render(sheet()))
    for words in (
        "Invoice", "INV-2026-0042", "Acme MSP", "Ringstraße 12", "ATU12345678", "Müller & Söhne", "attn. Dana Öz",
        "Nov 30, 2026", "PO-77812", "Managed workstation", "device", "45.00", "90.00", "Loyalty 5 %", "-€4.50", "€85.50",
        "VAT 20 %", "€17.10", "Recipient owes the tax.", "€102.60", "Credit applied on Nov 2, 2026", "-€2.60", "€100.00",
        "Please transfer.", "AT61 1904 3002 3457 3201", "Thank you.", "FN 123456a", "Page 1 of 1",
    ):  # fmt: skip
        assert words in page


def test_a_long_invoice_repeats_its_heads_and_counts_its_pages(renderer: Renderer) -> None:
    rows = tuple(line(f"Workstation no. {number}") for number in range(200))
    pages = text_of(renderer.render(sheet(invoice(lines=rows), by_contract())))
    assert len(pages) > 4
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "INV-2026-0042" in page
        assert "UNIT PRICE" in page
        assert "C-1001" in page
    assert sorted(map(int, re.findall(r"Workstation no\. (\d+)", "\n".join(pages)))) == list(range(200))


def test_a_draft_and_a_credit_note_say_what_they_are(renderer: Renderer) -> None:
    assert "DRAFT" in text_of(renderer.render(sheet(invoice(status="draft"))))[0]
    assert "PAID" in text_of(renderer.render(sheet(invoice(settled=10260))))[0]
    [page] = text_of(renderer.render(sheet(invoice(kind="credit_note", corrects_number="INV-7"))))
    assert "Credit note" in page
    assert "INV-7" in page
    assert "Amount due" not in page
    assert "How to pay" not in page


@pytest.mark.parametrize("layout", STANDARDS)
def test_the_least_invoice_is_one_too(renderer: Renderer, layout: str) -> None:
    least = invoice(lines=(), taxes=(), discounts=(), settlements=(), notes="", account=PaperAccount(), po_number=None, footer=(),
                    seller=PaperParty("A"), buyer=PaperParty("B"), period_start=None)  # fmt: skip
    assert "Page 1 of 1" in text_of(renderer.render(sheet(least, layout)))[0]


@pytest.mark.parametrize("layout", STANDARDS)
def test_every_standard_layout_is_archival(renderer: Renderer, layout: str) -> None:
    """ISO 19005-3: an e-invoice may be put into it."""
    pdf = renderer.render(sheet(SAMPLE, layout))
    assert b"pdfaid:part>3" in pdf
    assert b"pdfaid:conformance>B" in pdf


@pytest.mark.parametrize(
    "words",
    [
        '#read("/etc/passwd")', "*bold*", "$x^2$", "= Heading", "@reference", "<label>", "// comment", "\\u{41}",
        "`raw`", "[content]", "#import \"@preview/x:1.0.0\"", "#eval(\"1+1\")", "{{7*7}}", "~", "--", "'\"", "\\",
    ],
)  # fmt: skip
def test_text_is_text(renderer: Renderer, words: str) -> None:
    paper = invoice(lines=(line(words),), notes=words, seller=PaperParty(words))
    [page] = text_of(renderer.render(sheet(paper)))
    assert page.count(words) >= 3


@pytest.mark.parametrize(
    "words",
    ["€ £ ¥ $ ₹ ₺ ₴ ₪ ₫ zł", "äöüßéñşłőžđøåæ", "Ελληνικά", "Кириллица", "Tiếng Việt", "देवनागरी", "العربية", "עברית"],
)
def test_the_letters_of_our_customers_are_in_the_fonts(renderer: Renderer, words: str, caplog: pytest.LogCaptureFixture) -> None:
    renderer.render(sheet(invoice(lines=(line(words),), buyer=PaperParty(words))))
    assert caplog.records == []


def test_a_letter_that_no_font_has_is_logged_and_the_invoice_still_made(
    renderer: Renderer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        pages = text_of(renderer.render(sheet(invoice(lines=(line("Support \U00012031"),)))))
    assert "Support" in pages[0]
    assert "not PDF/A" in caplog.text


def test_a_page_may_read_from_right_to_left(renderer: Renderer) -> None:
    lines = {"kind": "lines", "columns": [{"show": "description", "label": "المجموع"}]}
    layout = {"format": 1, "page": {"paper": "us-letter"}, "blocks": [{"kind": "text", "text": "فاتورة"}, lines]}
    assert renderer.render(sheet(invoice(locale="ar"), layout))


@pytest.mark.parametrize("words", ["word " * 3000, "x" * 4000, "a\n" * 300, "\x00\x1b[31mred\ud800\u202e", ""])
def test_awkward_descriptions_fit(renderer: Renderer, words: str) -> None:
    pages = text_of(renderer.render(sheet(invoice(lines=(line(words), line("the next line"))))))
    assert "the next line" in "".join(pages)


def test_no_description_can_turn_the_amounts_around(renderer: Renderer) -> None:
    plain = renderer.render(sheet(invoice(lines=(line("Support"),))), created=ISSUED)
    assert plain == renderer.render(sheet(invoice(lines=(line("Sup\u202eport\u2066"),))), created=ISSUED)


def test_pictures_are_part_of_the_page(renderer: Renderer) -> None:
    picture, key = io.BytesIO(), str(UUID(int=7))
    segno.make("https://pay.example/42").save(picture, kind="png")
    layout = {"format": 1, "blocks": [{"kind": "letterhead", "image": key}, {"kind": "payment", "code": "epc"}]}
    pdf = renderer.render(sheet(layout=layout, **{key: picture.getvalue()}))
    assert len(PdfReader(io.BytesIO(pdf)).pages[0].images) == 2
    with pytest.raises(PdfFailed, match="image"):
        renderer.render(sheet(layout=layout, **{key: b"not a picture"}))


def test_pages_can_be_looked_at(renderer: Renderer) -> None:
    pages = renderer.picture(sheet(SAMPLE, "detailed"), pages=5)
    assert [page[:4] for page in pages] == [b"\x89PNG"] * 2
    assert len(renderer.picture(sheet(SAMPLE, "detailed"))) == 1


def test_the_file_is_archival_and_always_the_same(renderer: Renderer) -> None:
    pdf = renderer.render(sheet(), created=ISSUED)
    assert pdf == renderer.render(sheet(), created=ISSUED)
    reader = PdfReader(io.BytesIO(pdf))
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Invoice INV-2026-0042", "Acme MSP")
    assert reader.metadata.creation_date == ISSUED
    assert b"pdfaid:part>3" in pdf


def test_many_threads_share_a_renderer(renderer: Renderer) -> None:
    numbers = [f"INV-{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        pdfs = list(pool.map(lambda number: renderer.render(sheet(invoice(number=number))), numbers))
    assert all(number in text_of(pdf)[0] for number, pdf in zip(numbers, pdfs, strict=True))


def _huge() -> dict[str, Any]:
    return cast("dict[str, Any]", sheet(invoice(lines=tuple(line(f"Line {number}") for number in range(30_000)))))


@pytest.mark.parametrize("limits", [{"seconds": 0.2}, {"memory": 150 * 1024 * 1024, "seconds": 30}])
def test_a_limit_stops_the_child_and_the_next_invoice_is_made(limits: dict[str, Any]) -> None:
    narrow = Renderer(**limits)
    with pytest.raises(PdfFailed, match="limit of time or memory"):
        narrow.render(_huge())
    if "memory" in limits:
        assert narrow.render(sheet())
    narrow.close()


def test_a_document_beyond_all_measure_is_not_tried(renderer: Renderer) -> None:
    with pytest.raises(PdfFailed, match="at most"):
        renderer.render(sheet(invoice(notes="x" * MAX_DOCUMENT)))


def test_a_killed_child_is_replaced(renderer: Renderer) -> None:
    renderer.render(sheet())
    child = renderer._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert renderer.render(sheet())


def test_the_child_has_none_of_our_secrets(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKHAND_SECRET_KEY", "s3cret")
    fresh = Renderer()
    fresh.render(sheet())
    assert fresh._child is not None
    with open(f"/proc/{fresh._child.pid}/environ", "rb") as environment:
        assert b"s3cret" not in environment.read()
    fresh.close()
