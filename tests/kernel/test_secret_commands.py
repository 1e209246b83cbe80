"""`deskhand secrets rewrap`: a new key for the installation, and the earlier one may go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from click.testing import CliRunner

from cli import main
from kernel.app import Kernel
from kernel.secrets import KeyUnknown, Vault
from tests.conftest import World

NEW = bytes(range(32, 64))


def test_after_rewrapping_the_earlier_key_may_go(acme: World, beta: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = uuid4()
    sealed = {}
    for world in (acme, beta):
        with world.call() as ctx:
            sealed[world.tenant_id] = ctx.kernel.seal(ctx, b"s3cret", "notes", row, "body")
    old_keks = list(acme.kernel.vault._keks.values())
    both = replace(acme.kernel, vault=Vault([NEW, *old_keks]))

    @contextmanager
    def here() -> Iterator[Kernel]:
        yield both

    monkeypatch.setattr("cli.secrets.open_kernel", here)
    first = CliRunner().invoke(main, ["secrets", "rewrap"]).output
    assert int(first.split()[0]) >= 2, first  # those of earlier tests' tenants too
    assert CliRunner().invoke(main, ["secrets", "rewrap"]).output.startswith("0 data keys are now")
    only_new = replace(acme.kernel, vault=Vault([NEW]))
    for world in (acme, beta):
        with only_new.call(world.tenant_id) as ctx:
            assert only_new.open(ctx, sealed[world.tenant_id], "notes", row, "body") == b"s3cret"
        with acme.kernel.call(world.tenant_id) as ctx, pytest.raises(KeyUnknown):
            acme.kernel.open(ctx, sealed[world.tenant_id], "notes", row, "body")
