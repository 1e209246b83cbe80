"""The table of lines: columns, small print, groups and order as the layout says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from babel import numbers

from kernel.hookspecs.papers import InvoicePaper, PaperLine
from kernel.web.i18n import LazyText, babel_locale
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from plugins.billing.layouts.blocks import LINE_COLUMNS
from plugins.billing.layouts.fields import money, percent
from plugins.billing.layouts.sheet import Align, Cell, Column, Group, Table
from plugins.billing.reasons import span

GOODS: Mapping[str, LazyText] = {"product": _l("Product"), "license": _l("License")}
KINDS: Mapping[str, LazyText] = {"fixed": _l("Fixed fees"), "hourly": _l("Hours"), "usage": _l("Usage"),
                                 "product": _l("Products"), "license": _l("Licenses"), "late_fee": _l("Late fees")}  # fmt: skip
_NUMERIC = {"position", "quantity", "unit_price", "discount", "tax", "net", "total"}
_EVER = date(1, 1, 1)


def line_table(block: Mapping[str, Any], paper: InvoicePaper) -> Table:
    """The table of a `lines` block."""
    shown = [one["show"] for one in block["columns"]]
    lines = sorted(_chosen(block["lines"], paper), key=_SORTS[block["sort_by"]])
    return Table(
        of="table", columns=[_column(one, shown) for one in block["columns"]], small=block["small"],
        groups=list(_groups(block, lines, paper)),
    )  # fmt: skip


def _column(one: Mapping[str, str], shown: Sequence[str]) -> Column:
    align: Align = "end" if one["show"] in _NUMERIC else "start"
    grows = one["show"] == ("description" if "description" in shown else shown[0])
    return Column(label=one["label"] or str(LINE_COLUMNS[one["show"]]), align=align, grows=grows)


def _chosen(which: str, paper: InvoicePaper) -> list[PaperLine]:
    return [line for line in paper.lines if which == "all" or (line.kind in GOODS) == (which == "goods")]


_SORTS: Mapping[str, Callable[[PaperLine], Any]] = {
    "position": lambda line: line.position,
    "description": lambda line: (line.description.casefold(), line.position),
    "period": lambda line: (line.period_start or _EVER, line.position),
    "amount": lambda line: (-line.net, line.position),
    "location": lambda line: (line.location.casefold(), line.position),
}


def _groups(block: Mapping[str, Any], lines: Sequence[PaperLine], paper: InvoicePaper) -> Iterator[Group]:
    by_heading: dict[str, list[PaperLine]] = {}
    for line in lines:
        by_heading.setdefault(_HEADINGS[block["group_by"]](line, paper), []).append(line)
    for heading, members in by_heading.items():
        group = Group(heading=heading, rows=[_row(block, line, paper) for line in members])
        if block["group_sums"] and heading:
            group["sum"] = money(sum(line.net for line in members), paper)
        yield group


def _tax_rates(line: PaperLine, paper: InvoicePaper) -> str:
    return " + ".join(dict.fromkeys(percent(paper.taxes[at]) for at, _amount in line.taxes))


def _period(line: PaperLine) -> str:
    return span(line.period_start, line.period_end) if line.period_start and line.period_end else ""


_HEADINGS: Mapping[str, Callable[[PaperLine, InvoicePaper], str]] = {
    "none": lambda _line, _paper: "",
    "goods": lambda line, _paper: str(KINDS[line.kind]) if line.kind in GOODS else _("Services"),
    "kind": lambda line, _paper: str(KINDS.get(line.kind, _("Services"))),
    "contract": lambda line, _paper: line.contract or _("Without contract"),
    "location": lambda line, _paper: line.location or _("All locations"),
    "ticket": lambda line, _paper: _("Ticket %(number)s", number=line.ticket) if line.ticket else _("Without ticket"),
    "period": lambda line, _paper: _period(line) or _("Without period"),
    "tax": lambda line, paper: _tax_rates(line, paper) or _("Without tax"),
}


def _row(block: Mapping[str, Any], line: PaperLine, paper: InvoicePaper) -> list[Cell]:
    return [_cell(one["show"], block["details"], line, paper) for one in block["columns"]]


def _cell(show: str, details: Sequence[str], line: PaperLine, paper: InvoicePaper) -> Cell:
    cell = Cell(text=_TEXTS[show](line, paper))
    if show == "quantity" and (unit := _unit(line.unit)):
        cell["after"] = unit
    if show == "description" and (below := " · ".join(filter(None, (_DETAILS[name](line) for name in details)))):
        cell["below"] = below
    return cell


_TEXTS: Mapping[str, Callable[[PaperLine, InvoicePaper], str]] = {
    "position": lambda line, _paper: str(line.position),
    "description": lambda line, _paper: line.description,
    "period": lambda line, _paper: _period(line),
    "location": lambda line, _paper: line.location,
    "contract": lambda line, _paper: line.contract,
    "ticket": lambda line, _paper: line.ticket,
    "quantity": lambda line, _paper: numbers.format_decimal(line.quantity, format="#,##0.####", locale=babel_locale()),
    "unit_price": lambda line, paper: "" if line.unit_price is None else money(line.unit_price, paper),
    "discount": lambda line, paper: money(-line.discount, paper) if line.discount else "",
    "tax": _tax_rates,
    "net": lambda line, paper: money(line.net, paper),
    "total": lambda line, paper: money(line.total, paper),
}
_DETAILS: Mapping[str, Callable[[PaperLine], str]] = {
    "kind": lambda line: str(GOODS.get(line.kind, "")),
    "period": _period,
    "location": lambda line: line.location,
    "contract": lambda line: line.contract,
    "ticket": lambda line: _("Ticket %(number)s", number=line.ticket) if line.ticket else "",
}


def _unit(unit: str) -> str:
    return {"hour": _("h"), "each": ""}.get(unit, unit)
