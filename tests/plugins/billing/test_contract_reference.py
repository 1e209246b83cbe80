"""The engine and the slow reference agree on random contracts: a small sample here, 20,000 by `make soak`."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from kernel.context import Actor
from tests.plugins.billing.reference import agreement


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_random_contracts_are_billed_as_the_reference_reckons(acme: Any, seed: int) -> None:
    with acme.call(Actor.system()) as ctx:
        seen = agreement.compare(ctx, 25, seed)
        assert seen["lines"] > 100
        ctx.session.rollback()


def test_the_reference_imports_nothing_of_the_engine() -> None:
    for name in ("days", "deals", "money", "reckoner", "terms"):
        tree = ast.parse((Path(agreement.__file__).parent / f"{name}.py").read_text())
        modules = [one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)]
        assert not [module for module in modules if module.startswith(("plugins", "kernel"))]
