"""Files of imports are forgotten long after they ended; what became of them stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from kernel.clock import FixedClock
from kernel.context import Actor
from kernel.errors import NotFound
from plugins.imports.models import ImportFile
from plugins.imports.tidying import forget_files
from tests.plugins.imports.test_import import FIRMS, PEOPLE, outcome, run_import

pytestmark = pytest.mark.usefixtures("room")


def keys(world: Any, run_id: Any) -> dict[str, str | None]:
    with world.call(Actor.system()) as ctx:
        files = ctx.session.scalars(select(ImportFile).where(ImportFile.run_id == run_id))
        return {one.name: one.storage_key for one in files}


def forget(world: Any, limit: int = 100) -> int:
    with world.call(Actor.system()) as ctx:
        return forget_files(ctx, limit)


def test_content_goes_and_the_record_stays(acme: Any, clock: FixedClock) -> None:
    run_id = run_import(acme, {"firms.csv": FIRMS, "people.csv": PEOPLE})
    stored = keys(acme, run_id)
    clock.advance(days=80)
    assert forget(acme) == 0
    clock.advance(days=11)
    assert [forget(acme, limit=1) for _ in range(3)] == [1, 1, 0]
    assert keys(acme, run_id) == {"firms.csv": None, "people.csv": None}
    assert outcome(acme, run_id) == ("done", {"firms.csv": ("loaded", 2), "people.csv": ("loaded", 2)})
    for key in stored.values():
        with pytest.raises(NotFound):
            acme.kernel.files.get_bytes(acme.tenant_id, key)


def test_bytes_that_a_younger_import_has_as_well_stay(acme: Any, clock: FixedClock) -> None:
    run_import(acme, {"firms.csv": FIRMS})
    clock.advance(days=60)
    young = run_import(acme, {"firms.csv": FIRMS}, again=True)
    clock.advance(days=60)
    assert forget(acme) == 1
    [key] = keys(acme, young).values()
    assert acme.kernel.files.get_bytes(acme.tenant_id, key) == FIRMS
