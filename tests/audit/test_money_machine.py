"""Two hundred histories of thirty deeds each, the same ones every time; `make soak NAME=money-machine` brings other ones."""

from __future__ import annotations

import pytest

from kernel.app import Kernel
from local.postgres import EmbeddedPostgres
from tests.audit.histories import play

HISTORIES, DEEDS, PARTS = 200, 30, 8


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_done_with_money_the_books_are_right(kernel: Kernel, postgres: EmbeddedPostgres, part: int) -> None:
    done = play(kernel, postgres, seed=part, histories=HISTORIES // PARTS, deeds=DEEDS)
    assert done["run"] > 0
