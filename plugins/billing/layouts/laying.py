"""Laying out: an invoice's facts and a layout become one sheet, in the client's language; PDF and HTML are made from that."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import segno

from kernel.hookspecs.papers import InvoicePaper, PaperLine, PaperParty, PaperSettled
from kernel.money import as_major
from kernel.web.i18n import babel_locale, speaking
from kernel.web.i18n import gettext as _
from plugins.billing.layouts.conditions import holds
from plugins.billing.layouts.document import Document
from plugins.billing.layouts.fields import FIELDS, asks_to_pay, day, fill, money, tax_label, text_of
from plugins.billing.layouts.line_table import line_table
from plugins.billing.layouts.sheet import (
    Band,
    Columns,
    Facts,
    Item,
    Line,
    Page,
    Pair,
    Party,
    Payment,
    Picture,
    Sheet,
    Space,
    Steps,
    StepsOfLine,
    Sum,
    Sums,
    Taxes,
    TaxRow,
    Text,
    Titled,
)
from plugins.billing.reasons import rule_in_words, trace_in_words
from plugins.billing.receivables.words import early_in_words

CODE = "code"
Block = Mapping[str, Any]
_MOST_STEPS = 200


def lay_out(paper: InvoicePaper, document: Document, images: Mapping[str, bytes]) -> Sheet:
    """One invoice by one layout; `images` are the pictures that it names. Speaks the client's language."""
    with speaking(paper.locale):
        page, layer = document["page"], _Layer(paper, images)
        items = list(layer.items(document["blocks"]))
        title = f"{text_of('invoice.title', paper)} {paper.number}".strip()
        return Sheet(
            title=title, author=paper.seller.name, language=babel_locale().split("_")[0], page=_page(page),
            mark=_mark(paper) if page["mark"] else "", items=items, images=layer.images,
            running_head=[paper.seller.name, title] if page["running_head"] else [],
            footer=[fill(one, paper) for one in page["footer"]] or [paper.seller.name, *paper.footer][:4],
            page_words=_("Page {page} of {pages}") if page["page_numbers"] else "",
        )  # fmt: skip


def _page(page: Mapping[str, Any]) -> Page:
    margins = [page[side] for side in ("top", "right", "bottom", "left")]
    return Page(paper=page["paper"], margins=margins, accent=page["accent"], font_size=page["font_size"])


def _mark(paper: InvoicePaper) -> str:
    if paper.status == "draft":
        return _("DRAFT")
    if paper.status == "void":
        return _("VOID")
    return _("PAID") if paper.kind != "credit_note" and paper.settled == paper.total > 0 else ""


class _Layer:
    """Makes the items of each kind of block, for one invoice. A code to scan becomes one of the images."""

    def __init__(self, paper: InvoicePaper, images: Mapping[str, bytes]) -> None:
        self.paper = paper
        self.images = dict(images)

    def items(self, blocks: Sequence[Block]) -> Iterator[Item]:
        for block in blocks:
            if holds(block["when"], self.paper):
                yield from getattr(self, block["kind"])(block)

    def letterhead(self, block: Block) -> Iterator[Item]:
        seller: Item = _words(self.paper.seller.name, size="large", strong=True)
        if block["image"]:
            seller = Picture(of="picture", image=block["image"], height=block["height"], align="start")
        title: list[Item] = list(self.title({"number": True, "align": "end"}))
        yield Columns(of="columns", widths=[1, 1], parts=[[seller], title])

    def title(self, block: Block) -> Iterator[Item]:
        yield _words(text_of("invoice.title", self.paper), size="title", tone="accent", align=block["align"], strong=True)
        if block["number"]:
            yield _words(self.paper.number, size="large", align=block["align"])

    def image(self, block: Block) -> Iterator[Item]:
        yield Picture(of="picture", image=block["image"], height=block["height"], align=block["align"])

    def seller(self, block: Block) -> Iterator[Item]:
        yield _party(block, _("From"), self.paper.seller)

    def client(self, block: Block) -> Iterator[Item]:
        yield _party(block, _("Bill to"), self.paper.buyer)

    def facts(self, block: Block) -> Iterator[Item]:
        rows = [(row["label"] or str(FIELDS[row["field"]].words), text_of(row["field"], self.paper)) for row in block["rows"]]
        yield Facts(of="facts", rows=[Pair(label=label, value=value) for label, value in rows if value])

    def amount_due(self, _block: Block) -> Iterator[Item]:
        if asks_to_pay(self.paper):
            note = _("by %(day)s", day=day(self.paper.due_date)) if self.paper.due else ""
            yield Band(of="band", label=_("Amount due"), note=note, amount=money(self.paper.due, self.paper))
            if said := early_in_words(self.paper.early, self.paper.currency, self.paper.due):
                yield _words(said, size="small")

    def text(self, block: Block) -> Iterator[Item]:
        said = fill(block["text"], self.paper)
        if said.strip():
            yield _words(said, **{name: block[name] for name in ("size", "tone", "align", "strong")})

    def lines(self, block: Block) -> Iterator[Item]:
        yield line_table(block, self.paper)

    def taxes(self, _block: Block) -> Iterator[Item]:
        rows = [
            TaxRow(label=tax_label(one), base=money(one.base, self.paper), amount=money(one.tax, self.paper), note=one.note or "")
            for one in self.paper.taxes
        ]
        if rows:
            yield Taxes(of="taxes", label=_("Tax"), base=_("Taxable"), amount=_("Tax amount"), rows=rows)

    def totals(self, block: Block) -> Iterator[Item]:
        rows: list[Sum] = []
        if block["discounts"]:
            rows += [Sum(label=one.description, amount=money(-one.amount, self.paper)) for one in self.paper.discounts]
        rows.append(Sum(label=_("Subtotal"), amount=money(self.paper.subtotal, self.paper)))
        if block["taxes"]:
            rows += [Sum(label=tax_label(one), amount=money(one.tax, self.paper)) for one in self.paper.taxes]
        rows.append(Sum(label=_("Total"), amount=money(self.paper.total, self.paper), strong=True))
        if block["settled"] and asks_to_pay(self.paper):
            rows += [_settled(one, self.paper) for one in self.paper.settlements]
            rows.append(Sum(label=_("Amount due"), amount=money(self.paper.due, self.paper), strong=True, marked=True))
        yield Sums(of="sums", rows=rows)

    def payment(self, block: Block) -> Iterator[Item]:
        lines = self.paper.account.lines
        if not asks_to_pay(self.paper) or not (lines or block["text"]):
            return
        details = [Pair(label=line.partition(":")[0], value=line.partition(":")[2].strip()) for line in lines if ":" in line]
        said = [fill(block["text"], self.paper), *(line for line in lines if ":" not in line)]
        code = _transfer_code(self.paper) if block["code"] == "epc" else None
        if code:
            self.images[CODE] = code
        yield Payment(of="payment", label=block["label"] or _("How to pay"), text="\n".join(filter(None, said)), details=details,
                      code=CODE if code else "")  # fmt: skip

    def notes(self, block: Block) -> Iterator[Item]:
        if self.paper.notes.strip():
            yield Titled(of="titled", label=block["label"] or _("Notes"), text=self.paper.notes)

    def tax_notes(self, block: Block) -> Iterator[Item]:
        said = list(dict.fromkeys([*self.paper.tax_notes, *(one.note for one in self.paper.taxes if one.note)]))
        if said:
            yield Titled(of="titled", label=block["label"] or _("Tax"), text="\n".join(said))

    def reckoning(self, block: Block) -> Iterator[Item]:
        lines = [_steps(line, self.paper) for line in self.paper.lines[:_MOST_STEPS] if line.trace]
        if lines:
            yield Steps(of="steps", label=block["label"] or _("How the amounts came about"), lines=lines)

    def columns(self, block: Block) -> Iterator[Item]:
        parts = [list(self.items(one["blocks"])) for one in block["columns"]]
        if any(parts):
            yield Columns(of="columns", widths=[one["width"] for one in block["columns"]], parts=parts)

    def spacer(self, block: Block) -> Iterator[Item]:
        yield Space(of="space", height=block["height"])

    def rule(self, _block: Block) -> Iterator[Item]:
        yield Line(of="rule")

    def page_break(self, _block: Block) -> Iterator[Item]:
        yield Line(of="page_break")


def _words(text: str, **how: Any) -> Text:
    item = Text(of="text", text=text, size="normal", tone="plain", align="start", strong=False)
    item.update(how)  # type: ignore[typeddict-item]
    return item


def _party(block: Block, usual: str, party: PaperParty) -> Party:
    tax_id = [_("Tax id %(tax_id)s", tax_id=party.tax_id)] if party.tax_id else []
    label = (block["label"] or usual) if block["headed"] else ""
    return Party(of="party", label=label, name=party.name, lines=[*party.address, *tax_id])


def _settled(one: PaperSettled, paper: InvoicePaper) -> Sum:
    words = {"credit": _("Credit applied on %(day)s", day=day(one.on)),
             "discount": _("Discount for payment on %(day)s", day=day(one.on))}  # fmt: skip
    return Sum(label=words.get(one.kind) or _("Paid on %(day)s", day=day(one.on)), amount=money(-one.amount, paper))


def _transfer_code(paper: InvoicePaper) -> bytes | None:
    """The code that banking apps scan (EPC069-12): euros to an IBAN, with the number as the reference."""
    if paper.currency != "EUR" or not paper.account.iban or not 0 < paper.due < 10**11:
        return None
    amount = f"EUR{as_major(paper.due, 'EUR'):.2f}"
    rows = ["BCD", "002", "1", "SCT", paper.account.bic or "", paper.seller.name[:70], paper.account.iban, amount, "", "",
            paper.number[:140]]  # fmt: skip
    picture = io.BytesIO()
    segno.make("\n".join(rows), error="m", micro=False, encoding="utf-8").save(picture, kind="png", scale=6, border=0)
    return picture.getvalue()


def _steps(line: PaperLine, paper: InvoicePaper) -> StepsOfLine:
    rows = [Pair(label=words, value=value) for words, value in trace_in_words(line.trace, paper.currency)]
    name = f"{line.position}. {line.description}"
    return StepsOfLine(name=name, rule=str(rule_in_words(line.trace)), rows=rows, amount=money(line.net, paper))
