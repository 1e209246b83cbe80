"""The layouts that every tenant has. They are never changed in place: a release that changes one gives it a new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernel.web.i18n import lazy_gettext as _l
from plugins.billing.layouts.document import FORMAT, Document, check_given

DEFAULT = "classic"


def _columns(*names: str) -> list[dict[str, str]]:
    return [{"show": name} for name in names]


def _facts(*names: str) -> dict[str, Any]:
    return {"kind": "facts", "rows": [{"field": name} for name in names]}


def _side_by_side(*columns: tuple[int, list[dict[str, Any]]]) -> dict[str, Any]:
    return {"kind": "columns", "columns": [{"width": width, "blocks": blocks} for width, blocks in columns]}


_USUAL_FACTS = ("invoice.date", "invoice.due_date", "invoice.period", "invoice.po_number",
                "invoice.corrects", "invoice.currency")  # fmt: skip
_CLASSIC = {
    "format": FORMAT,
    "page": {},
    "blocks": [
        {"kind": "letterhead"},
        {"kind": "spacer", "height": 7},
        _side_by_side((5, [{"kind": "client"}]), (5, [{"kind": "seller"}]), (6, [_facts(*_USUAL_FACTS)])),
        {"kind": "spacer", "height": 3},
        {"kind": "amount_due"},
        {"kind": "spacer", "height": 2},
        {
            "kind": "lines",
            "columns": _columns("description", "quantity", "unit_price", "tax", "net"),
            "details": ["kind", "period"],
        },
        {"kind": "spacer", "height": 1},
        _side_by_side((6, [{"kind": "taxes"}]), (5, [{"kind": "totals"}])),
        {"kind": "payment", "code": "epc"},
        {"kind": "notes"},
    ],
}
_COMPACT = {
    "format": FORMAT,
    "page": {"top": 14, "right": 14, "bottom": 20, "left": 14, "font_size": 8, "accent": "#2d3440"},
    "blocks": [
        _side_by_side(
            (3, [{"kind": "seller", "headed": False}]),
            (2, [{"kind": "title", "align": "end"}]),
        ),
        {"kind": "rule"},
        _side_by_side((3, [{"kind": "client"}]), (2, [_facts(*_USUAL_FACTS, "payment.early_percent", "payment.early_until")])),
        {
            "kind": "lines",
            "columns": _columns("position", "description", "period", "quantity", "unit_price", "tax", "net"),
            "small": True,
        },
        _side_by_side((3, [{"kind": "tax_notes"}, {"kind": "notes"}]), (2, [{"kind": "totals"}])),
        {"kind": "payment"},
    ],
}
_DETAILED = {
    "format": FORMAT,
    "page": {"accent": "#0f766e"},
    "blocks": [
        {"kind": "letterhead"},
        {"kind": "spacer", "height": 6},
        _side_by_side((1, [{"kind": "client"}]), (1, [{"kind": "seller"}])),
        {"kind": "rule"},
        _side_by_side(
            (
                1,
                [_facts("invoice.date", "invoice.due_date", "invoice.payment_days", "payment.early_until")],
            ),
            (1, [_facts("invoice.period", "invoice.po_number", "contract.names", "invoice.corrects", "invoice.currency")]),
        ),
        {"kind": "amount_due"},
        {
            "kind": "lines",
            "columns": _columns("position", "description", "period", "quantity", "unit_price", "tax", "net"),
            "details": ["kind", "location", "ticket"],
            "group_by": "goods",
            "group_sums": True,
        },
        _side_by_side((6, [{"kind": "taxes"}, {"kind": "notes"}]), (5, [{"kind": "totals"}])),
        {"kind": "payment", "code": "epc"},
        {"kind": "page_break", "when": [{"field": "invoice.lines", "asks": "above", "value": "0"}]},
        {"kind": "reckoning"},
    ],
}
TITLES = {
    "classic": (_l("Classic"), _l("Generous, with a tax table and a code for bank transfers.")),
    "compact": (_l("Compact"), _l("Small print and narrow margins: many lines on few pages.")),
    "detailed": (_l("Detailed"), _l("Services and products apart, with their periods, and how each amount came about.")),
}


STANDARDS: Mapping[str, Document] = {
    "classic": check_given(_CLASSIC),
    "compact": check_given(_COMPACT),
    "detailed": check_given(_DETAILED),
}
