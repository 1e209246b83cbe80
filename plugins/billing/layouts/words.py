"""What a block of a layout says in short, for the list of blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernel.web.i18n import gettext as _
from kernel.web.i18n import ngettext
from plugins.billing.layouts.blocks import ALIGNS, ASKS, CODES, GROUPS, LINE_COLUMNS
from plugins.billing.layouts.fields import FIELDS

_LONGEST = 70


def block_in_words(block: Mapping[str, Any]) -> str:
    """Its choices in one line; empty where it has none."""
    said = _said(block)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _said(block: Mapping[str, Any]) -> str:
    match block["kind"]:
        case "text":
            return str(block["text"]).replace("\n", " ")
        case "facts":
            return ", ".join(row["label"] or str(FIELDS[row["field"]].words) for row in block["rows"])
        case "lines":
            shown = ", ".join(one["label"] or str(LINE_COLUMNS[one["show"]]) for one in block["columns"])
            return shown if block["group_by"] == "none" else f"{shown} · {GROUPS[block['group_by']]}"
        case "spacer":
            return _("%(num)s mm", num=block["height"])
        case "columns":
            return ngettext("%(num)d column", "%(num)d columns", len(block["columns"]))
        case "payment" if block["code"] != "none":
            return str(CODES[block["code"]])
        case "image":
            return f"{_('%(num)s mm', num=block['height'])} · {ALIGNS[block['align']]}"
    return str(block.get("label", ""))


def conditions_in_words(block: Mapping[str, Any]) -> str:
    """When it is printed; empty for always."""
    return " · ".join(f"{FIELDS[one['field']].words} {ASKS[one['asks']]} {one['value']}".strip() for one in block["when"])
