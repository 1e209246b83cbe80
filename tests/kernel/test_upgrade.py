"""An upgrade: tenants get what their plugins bring anew, once, and never what an administrator took away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from kernel.app import Kernel
from kernel.directory.models import Role, RolePermission
from kernel.founding import greet_every_tenant
from kernel.jobs import schedules
from kernel.plugins import Plugins
from local.postgres import EmbeddedPostgres
from tests.ground import ground_beside
from tests.kernel.work_rooms import bells_later, ears
from tests.kernel.work_stage import Tower, build_tower


@pytest.fixture
def tower(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Tower]:
    """A tower in an installation of its own, for an upgrade greets every tenant."""
    with ground_beside(postgres, tmp_path) as kernel:
        tower = build_tower(kernel.settings)
        yield tower
        tower.kernel.db.dispose()


def upgraded(tower: Tower) -> Kernel:
    """The same installation with the later bells."""
    plugins = Plugins([bells_later, ears])
    plugins.register_hooks()
    return replace(tower.kernel, plugins=plugins)


def bells_of(kernel: Kernel, tenant_id: UUID) -> dict[str, bool]:
    with kernel.call(tenant_id) as ctx:
        return {one.name: one.enabled for one in schedules.list_schedules(ctx)}


def ringers(kernel: Kernel, tenant_id: UUID) -> set[str | None]:
    """The starting roles that may ring."""
    with kernel.call(tenant_id) as ctx:
        held = select(Role.key).join(
            RolePermission, (RolePermission.tenant_id == Role.tenant_id) & (RolePermission.role_id == Role.id)
        )
        return set(ctx.session.scalars(held.where(RolePermission.permission == "bell.ring")))


def test_a_known_plugin_brings_a_permission_and_a_schedule(tower: Tower) -> None:
    kernel = upgraded(tower)
    assert (bells_of(kernel, tower.acme), ringers(kernel, tower.acme)) == ({"Morning bell": True}, set())
    greet_every_tenant(kernel)
    assert bells_of(kernel, tower.acme) == {"Morning bell": True, "Evening bell": False}
    assert ringers(kernel, tower.acme) == {"technician", "manager"}
    assert ringers(kernel, tower.beta) == {"technician", "manager"}


def test_what_was_removed_before_the_upgrade_does_not_come_back(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        (morning,) = schedules.list_schedules(ctx)
        schedules.remove_schedule(ctx, morning.id)
    kernel = upgraded(tower)
    greet_every_tenant(kernel)
    assert bells_of(kernel, tower.acme) == {"Evening bell": False}
    assert bells_of(kernel, tower.beta) == {"Morning bell": True, "Evening bell": False}


def test_what_was_taken_away_after_the_upgrade_stays_away(tower: Tower) -> None:
    kernel = upgraded(tower)
    greet_every_tenant(kernel)
    with kernel.call(tower.acme) as ctx:
        for one in schedules.list_schedules(ctx):
            schedules.remove_schedule(ctx, one.id)
        technician = select(Role.id).where(Role.key == "technician").scalar_subquery()
        ctx.session.execute(delete(RolePermission).where(RolePermission.role_id == technician))
    greet_every_tenant(kernel)
    assert bells_of(kernel, tower.acme) == {}
    assert ringers(kernel, tower.acme) == {"manager"}


def test_a_schedule_that_was_changed_keeps_its_hour(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        (morning,) = schedules.list_schedules(ctx)
        schedules.change_schedule(ctx, morning.id, cron="0 9 * * *")
    greet_every_tenant(upgraded(tower))
    with tower.kernel.call(tower.acme) as ctx:
        assert schedules.get_schedule(ctx, morning.id).cron == "0 9 * * *"
