"""What an administrator did not allow, no guest does: every host function of every plugin, under every grant but its own.

The matrix is made from the registry. Each denial leaves one audit entry, and no other row of the tenant changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from house.furniture import Rows
from house.stage import World
from house.walk import filled_in
from kernel.app import Kernel
from kernel.audit import AuditEntry
from kernel.context import Actor
from kernel.db import Base
from kernel.hookspecs.start import HostFunction
from kernel.ids import uuid7
from kernel.tenancy import switch_plugin

DENIALS = ("capability_denied", "function_unknown", "install_disabled", "plugin_not_enabled")
_OTHERWISE = {"service_id": "item_id"}
Functions = Sequence[tuple[HostFunction, str]]
_APART = {AuditEntry.__tablename__, "extensions_grants"}


@dataclass(frozen=True)
class Guest:
    """An install in a tenant, with the right to nothing until it is granted."""

    world: World
    install_id: UUID
    rows: Rows

    def dispatcher(self, world: World | None = None) -> Any:
        """The host as one invocation of the install sees it, in its own tenant or, forged, in another."""
        from plugins.extensions.calls.dispatcher import Dispatcher
        from plugins.extensions.interfaces.egress import MeteredCall

        where = world or self.world
        clock = where.kernel.clock
        call = MeteredCall(self.install_id, "example.contoso.orders", "1.0.0", "http", "request-1", clock.now())
        actor = Actor("extension", self.install_id, "Orders", author="example.contoso.orders@1.0.0",
                      on_behalf_of=where.users["alice"])  # fmt: skip
        return Dispatcher(where.kernel, where.tenant_id, actor, call)

    def grant(self, *capabilities: str) -> None:
        """Have these grants and no others."""
        from plugins.extensions.models import Grant

        with self.world.call() as ctx:
            ctx.session.query(Grant).filter(Grant.install_id == self.install_id).delete()
            ctx.session.add_all(
                Grant(
                    id=uuid7(),
                    install_id=self.install_id,
                    capability=one,
                    parameters={},
                    granted_by="Alice",
                    granted_at=ctx.now(),
                )
                for one in capabilities
            )

    def arguments(self, function: HostFunction, plugin: str) -> dict[str, Any]:
        """What the function needs, about rows that are there."""
        rooms = [plugin, "kernel", *self.rows.of]

        def choose(path: str) -> UUID:
            name = path.rpartition(".")[2]
            found = (self.rows.of.get(room, {}).get(_OTHERWISE.get(name, name)) for room in rooms)
            return next((one for one in found if one), None) or uuid4()

        return filled_in(function.takes(), choose)


@pytest.fixture
def guest(furnished_acme: tuple[World, Rows]) -> Guest:
    pytest.importorskip("plugins.extensions")
    acme, rows = furnished_acme
    return Guest(acme, rows.of["extensions"]["install_id"], rows)


@pytest.fixture
def functions(kernel: Kernel, only: str | None) -> Functions:
    """Those that this process answers, with the plugin that gives them."""
    answered = [(one, kernel.host_plugins[place]) for place, one in kernel.host_functions.items() if one.call is not None]
    return [(one, plugin) for one, plugin in answered if only in (None, plugin)]


def _call(function: HostFunction, args: Mapping[str, Any], *, granted: bool = True) -> Any:
    from plugins.extensions.guests.invocation import HostCall

    return HostCall(function.interface, function.name, args, granted, function.capability)


def _state(world: World) -> dict[str, tuple[int, int]]:
    """For each table how many rows the tenant has, and when one was last written; but for grants and the audit trail."""
    tables = sorted(one.name for one in Base.metadata.tables.values() if "tenant_id" in one.columns)
    counted = (f"select '{name}', count(*), coalesce(max(xmin::text::bigint), 0) from {name}" for name in tables)
    with world.call() as ctx:
        rows = ctx.session.execute(text(" union all ".join(counted))).all()
    return {name: (count, latest) for name, count, latest in rows if name not in _APART}


def _denials(world: World) -> int:
    with world.call() as ctx:
        return ctx.session.query(AuditEntry).filter(AuditEntry.action == "host_call.denied").count()


@contextmanager
def _nothing_but(world: World, denials: int = 1) -> Iterator[None]:
    """So many denials in the audit trail, and no other row of the tenant is added, changed or removed meanwhile."""
    before, noted = _state(world), _denials(world)
    yield
    assert _state(world) == before
    assert _denials(world) == noted + denials


def _code(answer: Mapping[str, Any]) -> str | None:
    return None if answer["success"] else str(answer["error"]).partition(":")[0]


def test_nothing_is_done_without_its_own_capability(guest: Guest, kernel: Kernel, functions: Functions) -> None:
    every = sorted(kernel.plugins.capabilities)
    host = guest.dispatcher()
    for function, plugin in functions:
        if function.capability is None:
            continue
        call = _call(function, guest.arguments(function, plugin))
        others = [one for one in every if one != function.capability]
        with _nothing_but(guest.world, denials=len(others) + 3):
            for granted in ([], *([one] for one in others), others):
                guest.grant(*granted)
                assert _code(host(call)) == "capability_denied", (call, granted)
            assert _code(host(replace(call, granted=False))) == "capability_denied", call


def test_what_is_granted_is_done_until_it_is_revoked_in_the_middle_of_a_run(
    guest: Guest, functions: Functions, only: str | None
) -> None:
    from plugins.extensions.services import revoke_capability

    host, done = guest.dispatcher(), []
    for function, plugin in functions:
        guest.grant(*([function.capability] if function.capability else []))
        answer = host(_call(function, guest.arguments(function, plugin)))
        assert _code(answer) not in DENIALS, (function, answer)
        done += [f"{function.interface}.{function.name}"] if answer["success"] else []
        if function.capability:
            with guest.world.call() as ctx:
                revoke_capability(ctx, guest.install_id, function.capability)
            with _nothing_but(guest.world):
                assert _code(host(_call(function, guest.arguments(function, plugin)))) == "capability_denied"
    wanted = {"clients.get", "services.get", "tickets.create", "time.log", "storage.put", "user.current"}
    assert only or wanted <= set(done)


def test_no_install_acts_in_another_tenant(guest: Guest, beta: World, kernel: Kernel, functions: Functions) -> None:
    every = sorted(kernel.plugins.capabilities)
    guest.grant(*every)
    forged = guest.dispatcher(beta)
    for function, plugin in functions:
        call = _call(function, guest.arguments(function, plugin))
        with _nothing_but(beta):
            assert _code(forged(call)) == "install_disabled", call


def test_rows_of_another_tenant_are_not_there(
    guest: Guest, furnished_beta: tuple[World, Rows], kernel: Kernel, functions: Functions
) -> None:
    beta, theirs = furnished_beta
    stranger = Guest(beta, theirs.of["extensions"]["install_id"], guest.rows)
    stranger.grant(*sorted(kernel.plugins.capabilities))
    host, before = stranger.dispatcher(), _state(guest.world)
    for function, plugin in functions:
        args = stranger.arguments(function, plugin)
        answer, unknown = host(_call(function, args)), host(_call(function, _unknown(args)))
        if _holds_ids(args):
            assert answer["success"] is False, (function, answer)
            assert answer == unknown, function
    assert _state(guest.world) == before


def test_a_switched_off_plugin_or_install_answers_nobody(guest: Guest, kernel: Kernel, functions: Functions) -> None:
    from plugins.extensions.services import disable_install

    guest.grant(*sorted(kernel.plugins.capabilities))
    host = guest.dispatcher()
    for function, plugin in functions:
        if kernel.plugins.get(plugin).manifest.required:
            continue
        call = _call(function, guest.arguments(function, plugin))
        with guest.world.call() as ctx:
            off = switch_plugin(ctx, plugin, enabled=False)
        with _nothing_but(guest.world):
            assert _code(host(call)) == "plugin_not_enabled", call
        with guest.world.call() as ctx:
            for name in reversed(off):
                switch_plugin(ctx, name, enabled=True)
    with guest.world.call() as ctx:
        disable_install(ctx, guest.install_id)
    with _nothing_but(guest.world, denials=len(functions)):
        for function, plugin in functions:
            assert _code(host(_call(function, guest.arguments(function, plugin)))) == "install_disabled", function


def test_what_nobody_gives_is_unknown(guest: Guest, kernel: Kernel) -> None:
    from plugins.extensions.guests.invocation import HostCall

    host = guest.dispatcher()
    beside = [one for one in kernel.host_functions.values() if one.call is None]
    with _nothing_but(guest.world, denials=len(beside) + 1):
        for call in (HostCall("ledger", "erase", {}, True, None), *(_call(one, {}) for one in beside)):
            assert _code(host(call)) == "function_unknown", call


def _unknown(args: Any) -> Any:
    """The same arguments with ids that nobody has."""
    if isinstance(args, dict):
        return {name: _unknown(one) for name, one in args.items()}
    if isinstance(args, list):
        return [_unknown(one) for one in args]
    return str(uuid4()) if _is_id(args) else args


def _holds_ids(args: Any) -> bool:
    if isinstance(args, dict | list):
        return any(_holds_ids(one) for one in (args.values() if isinstance(args, dict) else args))
    return _is_id(args)


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


ODD = (
    None, "", " ", "x" * 70_000, "\0", "\ud800", "%_'\"\\", "Ä漢🙂\u202e", "-1", "1e400", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31", "00000000-0000-0000-0000-000000000000", True, 0, -1, 2**31, 2**63, 10**40, 0.1, [], {}, [None], [[]], {"a": 1},
)  # fmt: skip


def test_odd_values_are_refused_in_words_and_break_nothing(guest: Guest, kernel: Kernel, functions: Functions) -> None:
    guest.grant(*sorted(kernel.plugins.capabilities))
    host = guest.dispatcher()
    for function, plugin in functions:
        usual = guest.arguments(function, plugin)
        for args in _odd_variants(function, usual):
            answer = host(_call(function, args))  # raises what is no refusal
            assert answer["success"] or _code(answer), (function, args)


def _odd_variants(function: HostFunction, usual: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The usual arguments with one of them odd, or with one too many."""
    yield {**usual, "and_more": 1}
    nested = next((name for name, one in usual.items() if isinstance(one, dict)), None)
    names = list(function.takes().fields[nested].schema.fields) if nested else list(function.takes().fields)  # type: ignore[attr-defined]
    for name in names:
        for odd in ODD:
            yield {nested: {**usual[nested], name: odd}} if nested else {**usual, name: odd}
