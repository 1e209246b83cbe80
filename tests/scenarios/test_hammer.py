"""Acme and Beta hammer one extension at once, while it traps, workers and connections die and grants come and go.

Some dozens of calls here; `make soak NAME=hammer` goes on for a minute.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.directory.clients import add_client
from local.postgres import EmbeddedPostgres
from plugins.extensions.runtime import close_guest_pool
from tests.ground import ground_beside
from tests.soak.hammer import LANES, stage, without_brakes
from tests.soak.hammer_proof import findings

CALLS, SEED = 5, 3


@pytest.mark.parametrize("runtime", list(LANES))
def test_nothing_of_one_tenant_reaches_the_other(postgres: EmbeddedPostgres, tmp_path: Path, runtime: str) -> None:
    settings = {"web_workers": 1, "web_threads": 10, "guest_workers": 3}
    with ground_beside(postgres, tmp_path, **settings) as kernel, without_brakes():
        hammer = stage(kernel, SEED, runtime)
        hammer.run(lambda made: made < CALLS)
        close_guest_pool(kernel)
        assert findings(hammer) == []
        assert {one.status for one in hammer.answered} >= {200}
        assert hammer.disturbed["workers killed"] + hammer.disturbed["connections cut"] > 0
        acme, beta = hammer.sides
        with kernel.call(acme.tenant_id) as ctx:  # the proof would see it
            add_client(ctx, name=f"Friend of {beta.token}", currency="EUR")
        assert len(findings(hammer)) > 0
