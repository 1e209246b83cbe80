"""A laid-out invoice: what PDF and HTML are both made from. Every text and amount is ready to print, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

Align = Literal["start", "center", "end"]
Size = Literal["small", "normal", "large", "title"]


class Text(TypedDict):
    """A paragraph; line breaks in it are line breaks on the page."""

    of: Literal["text"]
    text: str
    size: Size
    tone: Literal["plain", "muted", "accent"]
    align: Align
    strong: bool


class Picture(TypedDict):
    """An image of the sheet by its name; `height` in millimetres."""

    of: Literal["picture"]
    image: str
    height: int
    align: Align


class Party(TypedDict):
    """Seller or buyer: name, address, tax id. An empty label is not printed."""

    of: Literal["party"]
    label: str
    name: str
    lines: Sequence[str]


class Pair(TypedDict):
    """A label and its value, side by side."""

    label: str
    value: str


class Facts(TypedDict):
    """Labels with values below each other."""

    of: Literal["facts"]
    rows: Sequence[Pair]


class Band(TypedDict):
    """What matters most, at a glance."""

    of: Literal["band"]
    label: str
    note: str
    amount: str


class Column(TypedDict):
    """A column of a table; the one that `grows` takes what the others leave."""

    label: str
    align: Align
    grows: bool


class Cell(TypedDict):
    """What stands in a table: `after` small behind the text (a unit), `below` small under it (a period)."""

    text: str
    after: NotRequired[str]
    below: NotRequired[str]


class Group(TypedDict):
    """Rows of a table under one heading (empty: none), with their sum if it is wanted."""

    heading: str
    rows: Sequence[Sequence[Cell]]
    sum: NotRequired[str]


class Table(TypedDict):
    """A table whose head is repeated on each page."""

    of: Literal["table"]
    columns: Sequence[Column]
    groups: Sequence[Group]
    small: bool


class Sum(TypedDict):
    """A label and an amount; `strong` for a total, `marked` for what is to be paid."""

    label: str
    amount: str
    strong: NotRequired[bool]
    marked: NotRequired[bool]


class Sums(TypedDict):
    """Amounts that are added up."""

    of: Literal["sums"]
    rows: Sequence[Sum]


class TaxRow(TypedDict):
    """Base and tax of one rate; `note` is the sentence a law wants."""

    label: str
    base: str
    amount: str
    note: str


class Taxes(TypedDict):
    """How the tax came about."""

    of: Literal["taxes"]
    label: str
    base: str
    amount: str
    rows: Sequence[TaxRow]


class Payment(TypedDict):
    """How to pay: a sentence, details of the account, and perhaps a code to scan, an image of the sheet."""

    of: Literal["payment"]
    label: str
    text: str
    details: Sequence[Pair]
    code: str


class Titled(TypedDict):
    """A text under a small heading."""

    of: Literal["titled"]
    label: str
    text: str


class Steps(TypedDict):
    """How amounts came about: for each line its name, the rule, and the steps."""

    of: Literal["steps"]
    label: str
    lines: Sequence[StepsOfLine]


class StepsOfLine(TypedDict):
    """The reckoning of one line in words."""

    name: str
    rule: str
    rows: Sequence[Pair]
    amount: str


class Columns(TypedDict):
    """Items side by side, as wide as `widths` say in proportion."""

    of: Literal["columns"]
    widths: Sequence[int]
    parts: Sequence[Sequence[Item]]


class Space(TypedDict):
    """Empty space; `height` in millimetres."""

    of: Literal["space"]
    height: int


class Line(TypedDict):
    """A thin rule across, or the end of a page."""

    of: Literal["rule", "page_break"]


Item = Text | Picture | Party | Facts | Band | Table | Sums | Taxes | Payment | Titled | Steps | Columns | Space | Line


class Page(TypedDict):
    """Paper `a4` or `us-letter`; `margins` top, right, bottom and left in millimetres; `font_size` in points."""

    paper: str
    margins: Sequence[int]
    accent: str
    font_size: int


class Sheet(TypedDict):
    """One invoice, laid out. `language` is an ISO 639 code; `mark` (DRAFT, VOID, PAID) a watermark; `running_head` stands on
    top of later pages; `page_words` holds `{page}` and `{pages}`, empty for no numbers; `images` are PNG or JPEG files.
    """

    title: str
    author: str
    language: str
    page: Page
    mark: str
    running_head: Sequence[str]
    footer: Sequence[str]
    page_words: str
    items: Sequence[Item]
    images: dict[str, bytes]
