"""The engine agrees with the slow reference; many more documents: `make soak NAME=tax-reference`."""

from __future__ import annotations

from tests.plugins.tax.agreement import compare


def test_the_engine_agrees_with_the_reference() -> None:
    seen = compare(600, seed=1)
    assert seen.keys() == {"taxed", "tax_rate_missing", "tax_region_missing", "reverse_charge_needs_tax_ids"}
    assert seen["taxed"] > 300
