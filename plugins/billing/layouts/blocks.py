"""The blocks that a layout is made of, as schemas: what each may say, and within which bounds."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from kernel.web.i18n import lazy_gettext as _l
from plugins.billing.layouts.fields import FIELDS, unknown_fields

LONGEST_TEXT = 2000
LONGEST_LABEL = 80
MOST_CONDITIONS = 4
MOST_FOOTERS = 4
LONGEST_FOOTER = 300
NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?")
ASKS = {
    "set": _l("has a value"),
    "missing": _l("has no value"),
    "equals": _l("is"),
    "differs": _l("is not"),
    "above": _l("is above"),
    "below": _l("is below"),
}
SIZES = {"small": _l("Small"), "normal": _l("Normal"), "large": _l("Large"), "title": _l("Title")}
TONES = {"plain": _l("Plain"), "muted": _l("Grey"), "accent": _l("Accent colour")}
ALIGNS = {"start": _l("Left"), "center": _l("Centre"), "end": _l("Right")}
LINE_COLUMNS = {
    "position": _l("Pos."),
    "description": _l("Description"),
    "period": _l("Service period"),
    "location": _l("Location"),
    "contract": _l("Contract"),
    "ticket": _l("Ticket"),
    "quantity": _l("Qty"),
    "unit_price": _l("Unit price"),
    "discount": _l("Discount"),
    "tax": _l("Tax"),
    "net": _l("Amount"),
    "total": _l("With tax"),
}
LINE_DETAILS = {"kind": _l("Product or license"), "period": _l("Service period"), "location": _l("Location"),
                "contract": _l("Contract"), "ticket": _l("Ticket")}  # fmt: skip
GROUPS = {
    "none": _l("Not grouped"),
    "goods": _l("Services, products and licenses"),
    "kind": _l("Kind of line"),
    "contract": _l("Contract"),
    "location": _l("Location"),
    "ticket": _l("Ticket"),
    "period": _l("Service period"),
    "tax": _l("Tax rate"),
}
SORTS = {"position": _l("As on the invoice"), "description": _l("Description"), "period": _l("Service period"),
         "amount": _l("Amount"), "location": _l("Location")}  # fmt: skip
KINDS_SHOWN = {"all": _l("All lines"), "services": _l("Services only"), "goods": _l("Products and licenses only")}
CODES = {"none": _l("No code"), "epc": _l("Code for bank transfers (SEPA, EUR)")}


def _known_field(name: str) -> None:
    if name not in FIELDS:
        raise ValidationError(f"There is no field {name}; one of {', '.join(FIELDS)}.")


def _known_references(text: str) -> None:
    if wrong := unknown_fields(text):
        raise ValidationError(f"There is no field {', '.join(wrong)}. Write fields as {{invoice.number}}.")


def _text() -> fields.String:
    return fields.String(load_default="", validate=[validate.Length(max=LONGEST_TEXT), _known_references])


def _label() -> fields.String:
    return fields.String(load_default="", validate=validate.Length(max=LONGEST_LABEL))


def _one_of(choices: Any, default: str) -> fields.String:
    return fields.String(load_default=default, validate=validate.OneOf(list(choices)))


class Whole(fields.Integer):
    """A whole number, also as a form writes it; nothing is cut off."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool | float):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


def _millimetres(default: int, least: int, most: int) -> fields.Integer:
    return Whole(load_default=default, validate=validate.Range(least, most))


class Condition(Schema):
    """One thing that must hold for a block to be printed."""

    field = fields.String(required=True, validate=_known_field)
    asks = fields.String(required=True, validate=validate.OneOf(list(ASKS)))
    value = fields.String(load_default="", validate=validate.Length(max=200))

    @validates_schema
    def _comparable(self, data: dict[str, Any], **_: Any) -> None:
        if data["asks"] not in ("above", "below"):
            return
        if FIELDS[data["field"]].kind not in ("money", "count"):
            raise ValidationError("Only amounts and counts are above or below something.", "asks")
        if not NUMBER.fullmatch(data["value"]):
            raise ValidationError("Write a number such as 1000 or 99.50.", "value")


class Block(Schema):
    """What every block has: a key that is its own within the layout, and conditions, all of which must hold."""

    kind = fields.String(required=True)
    key = fields.String(
        load_default="", validate=validate.Regexp(r"^[a-z0-9]{0,12}$", error="Small letters and digits, at most 12.")
    )
    when = fields.List(fields.Nested(Condition), load_default=list, validate=validate.Length(max=MOST_CONDITIONS))


class Letterhead(Block):
    """The seller's logo or name on one side, title and number on the other."""

    image = fields.UUID(load_default=None, allow_none=True)
    height = _millimetres(14, 5, 60)


class Title(Block):
    """Invoice or credit note, with its number."""

    number = fields.Boolean(load_default=True)
    align = _one_of(ALIGNS, "start")


class Image(Block):
    """An uploaded picture."""

    image = fields.UUID(required=True)
    height = _millimetres(20, 5, 120)
    align = _one_of(ALIGNS, "start")


class Party(Block):
    """Seller or client. Without a label the usual word stands above it."""

    label = _label()
    headed = fields.Boolean(load_default=True)


class FactRow(Schema):
    """A field with its label; without one it has the usual word."""

    field = fields.String(required=True, validate=_known_field)
    label = _label()


class Facts(Block):
    """Fields below each other; those without a value are left out."""

    rows = fields.List(fields.Nested(FactRow), required=True, validate=validate.Length(1, 20))


class Text(Block):
    """A text of one's own, with fields such as {invoice.number}."""

    text = fields.String(required=True, validate=[validate.Length(1, LONGEST_TEXT), _known_references])
    size = _one_of(SIZES, "normal")
    tone = _one_of(TONES, "plain")
    align = _one_of(ALIGNS, "start")
    strong = fields.Boolean(load_default=False)


class LineColumn(Schema):
    """A column of the table of lines."""

    show = fields.String(required=True, validate=validate.OneOf(list(LINE_COLUMNS)))
    label = _label()


class Lines(Block):
    """The table of lines: which columns, what stands small below descriptions, how lines are grouped and sorted."""

    columns = fields.List(fields.Nested(LineColumn), required=True, validate=validate.Length(1, len(LINE_COLUMNS)))
    details = fields.List(fields.String(validate=validate.OneOf(list(LINE_DETAILS))), load_default=list,
                          validate=validate.Length(max=len(LINE_DETAILS)))  # fmt: skip
    lines = _one_of(KINDS_SHOWN, "all")
    group_by = _one_of(GROUPS, "none")
    group_sums = fields.Boolean(load_default=False)
    sort_by = _one_of(SORTS, "position")
    small = fields.Boolean(load_default=False)

    @validates_schema
    def _once_each(self, data: dict[str, Any], **_: Any) -> None:
        shown = [one["show"] for one in data["columns"]]
        if len(set(shown)) < len(shown):
            raise ValidationError("Show each column once.", "columns")


class Totals(Block):
    """Discounts, subtotal, taxes, total, what was paid and what is due."""

    discounts = fields.Boolean(load_default=True)
    taxes = fields.Boolean(load_default=True)
    settled = fields.Boolean(load_default=True)


class Payment(Block):
    """How to pay: the seller's account, on invoices that are not paid."""

    label = _label()
    text = _text()
    code = _one_of(CODES, "none")


class Headed(Block):
    """Notes of the invoice, legal notes of its taxes, or how the amounts came about."""

    label = _label()


class Spacer(Block):
    """Empty space in millimetres."""

    height = _millimetres(5, 1, 200)


class Plain(Block):
    """A block without choices: what is due, the tax table, a rule, the end of a page."""


class ColumnsForm(Block):
    """Blocks side by side; what stands in them is checked by itself."""

    columns = fields.List(fields.Dict(), required=True, validate=validate.Length(1, 3))


SCHEMAS: dict[str, type[Block]] = {
    "letterhead": Letterhead, "title": Title, "image": Image, "seller": Party, "client": Party, "facts": Facts,
    "amount_due": Plain, "text": Text, "lines": Lines, "taxes": Plain, "totals": Totals, "payment": Payment, "notes": Headed,
    "tax_notes": Headed, "reckoning": Headed, "columns": ColumnsForm, "spacer": Spacer, "rule": Plain, "page_break": Plain,
}  # fmt: skip
BLOCKS = {
    "letterhead": _l("Letterhead"),
    "title": _l("Title and number"),
    "image": _l("Picture"),
    "seller": _l("Seller"),
    "client": _l("Bill to"),
    "facts": _l("Facts"),
    "amount_due": _l("Amount due, at a glance"),
    "text": _l("Text"),
    "lines": _l("Lines"),
    "taxes": _l("Tax table"),
    "totals": _l("Totals"),
    "payment": _l("How to pay"),
    "notes": _l("Notes"),
    "tax_notes": _l("Legal notes of the taxes"),
    "reckoning": _l("How the amounts came about"),
    "columns": _l("Columns"),
    "spacer": _l("Space"),
    "rule": _l("Rule"),
    "page_break": _l("New page"),
}


def _footer_lines(text: str) -> None:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_FOOTERS or any(len(line) > LONGEST_FOOTER for line in lines):
        raise ValidationError(f"At most {MOST_FOOTERS} lines of at most {LONGEST_FOOTER} characters.")


class PageSetup(Schema):
    """The paper and what stands on every page. Margins in millimetres, the size of letters in points."""

    paper = fields.String(load_default="a4", validate=validate.OneOf(["a4", "us-letter"]))
    top = _millimetres(22, 8, 80)
    right = _millimetres(20, 5, 60)
    bottom = _millimetres(28, 12, 80)
    left = _millimetres(20, 5, 60)
    accent = fields.String(
        load_default="#1f4b99", validate=validate.Regexp(r"^#[0-9a-f]{6}\Z", error="A colour such as #1f4b99.")
    )
    font_size = Whole(load_default=9, validate=validate.Range(7, 14))
    running_head = fields.Boolean(load_default=True)
    mark = fields.Boolean(load_default=True)
    page_numbers = fields.Boolean(load_default=True)
    footer = fields.List(fields.String(validate=[validate.Length(1, LONGEST_FOOTER), _known_references]), load_default=list,
                         validate=validate.Length(max=MOST_FOOTERS))  # fmt: skip


class PageForm(PageSetup):
    """The page as its form has it: the footer's columns are lines of one text."""

    footer = fields.String(load_default="", validate=[_footer_lines, _known_references])  # type: ignore[assignment]
