"""What taxes are called where people read of them: mappings know them by keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernel.context import CallContext


def tax_names(ctx: CallContext) -> dict[str, str]:
    """The names of today's taxes, by the keys under which they are mapped."""
    return {one.key: one.name for answer in ctx.hooks.collect_ours(ctx=ctx, kind="tax") for one in answer}


def words_of_tax(key: str, names: Mapping[str, str]) -> str:
    """What to call the taxes of a key; those that were levied on other days are told by region and percent.

    >>> words_of_tax("AE", {"AE": "Reverse charge"}), words_of_tax("CA-QC S 5 + CA-QC S 9.975", {})
    ('Reverse charge', 'CA-QC: 5 % + 9.975 %')
    """
    parts = [one.split(" ") for one in key.split(" + ")]
    if key in names or any(len(one) != 3 for one in parts):
        return names.get(key, key)
    region, percents = parts[0][0], " + ".join(f"{one[2]} %" for one in parts)
    return percents if region == "-" else f"{region}: {percents}"
