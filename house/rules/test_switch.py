"""A plugin that a tenant switched off is silent at all four gates, and only for that tenant."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from house.furniture import Rows
from house.knocking import Knocker
from house.rules.test_code import NAMES, PLUGINS
from house.stage import World
from house.walk import body_for, page_doors, random_ids, rest_doors
from kernel import jobs
from kernel.api.examples import example_of
from kernel.app import Kernel
from kernel.capabilities import GuestCall
from kernel.clock import FixedClock
from kernel.context import Actor
from kernel.errors import Refused
from kernel.events import EventDelivery, publish
from kernel.gate import PUBLIC
from kernel.hookspecs import PROJECT
from kernel.jobs.schedules import add_schedule
from kernel.plugins import CHAPTERS, Plugins
from kernel.tenancy import switch_plugin

OPTIONAL = [name for name in NAMES if not PLUGINS.get(name).manifest.required]


def _who(hook: str) -> list[str]:
    """Those who can be switched off and answer a hook of the start."""
    answered = {plugin.name for plugin, _ in PLUGINS.collect(hook)}
    return [name for name in OPTIONAL if name in answered]


def _switch(world: World, name: str, *, enabled: bool) -> list[str]:
    with world.call() as ctx:
        return switch_plugin(ctx, name, enabled=enabled)


@pytest.mark.parametrize("room", OPTIONAL)
def test_routes_and_pages_of_a_switched_off_plugin_are_not_there(room: str, acme: World, beta: World, app: Flask) -> None:
    off = set(_switch(acme, room, enabled=False))
    assert off >= {room}
    ours, theirs = Knocker(acme), Knocker(beta)
    for door in [*rest_doors(app), *page_doors(app)]:
        if door.plugin in off and door.permission != PUBLIC:
            here, there = (knock(door, random_ids(door), body_for(door)) for knock in (ours, theirs))
            assert here.status_code == 404, door
            assert _code(here) in (None, "plugin_not_enabled"), door
            assert _code(there) != "plugin_not_enabled", door
            assert there.status_code < 500, door


def _code(answer: Any) -> str | None:
    """The code of a refusal in JSON; what pages say is for people."""
    return answer.json.get("code") if answer.is_json and answer.json else None


@pytest.mark.parametrize("room", OPTIONAL)
def test_hooks_of_a_switched_off_plugin_are_silent(room: str, acme: World, beta: World) -> None:
    _switch(acme, room, enabled=False)
    with acme.call() as ours, beta.call() as theirs:
        implemented = [hook for hook in _hooks() if _answered_by(theirs.hooks, hook, room)]
        assert [hook for hook in _hooks() if _answered_by(ours.hooks, hook, room)] == []
        assert all(_answered_by(theirs.hooks, hook, room) for hook in implemented)


def _hooks() -> list[str]:
    modules = [importlib.import_module(f"kernel.hookspecs.{chapter}") for chapter in CHAPTERS]
    return [name for module in modules for name, one in vars(module).items()
            if hasattr(one, f"{PROJECT}_spec")]  # fmt: skip


def _answered_by(hooks: object, hook: str, plugin: str) -> bool:
    caller = hooks._caller(hook, hooks.disabled)  # type: ignore[attr-defined]
    return plugin in {one.plugin_name for one in caller.get_hookimpls()}


@pytest.mark.parametrize("room", _who("register_jobs"))
def test_jobs_of_a_switched_off_plugin_are_skipped_queued_or_scheduled(
    room: str, acme: World, kernel: Kernel, clock: FixedClock
) -> None:
    kinds = [kind for kind, plugin in kernel.job_plugins.items() if plugin == room]
    with acme.call() as ctx:
        for kind in kinds:
            jobs.enqueue(ctx, kind, {})
            add_schedule(ctx, name="Each minute", job=kind, cron="* * * * *")
    _switch(acme, room, enabled=False)
    clock.set(clock.now() + timedelta(minutes=1))
    jobs.run_due(kernel, acme.tenant_id)
    with acme.call() as ctx:
        states = [row.state for kind in kinds for row in jobs.list_jobs(ctx, kind=kind)]
    assert states == ["skipped"] * 2 * len(kinds)


@pytest.mark.parametrize("room", [room for room in OPTIONAL if PLUGINS.get(room).manifest.listens])
def test_events_reach_no_switched_off_plugin(room: str, acme: World, kernel: Kernel) -> None:
    with acme.call() as ctx:
        for event in PLUGINS.get(room).manifest.listens:
            schema = kernel.events[event].payload()
            publish(ctx, event, schema.load(example_of(schema)))
    _switch(acme, room, enabled=False)
    jobs.run_due(kernel, acme.tenant_id)
    with acme.call() as ctx:
        told = ctx.session.query(EventDelivery).filter(EventDelivery.subscriber == room, EventDelivery.state != "skipped")
        assert told.all() == []


@pytest.mark.parametrize("room", _who("register_host_functions"))
def test_guests_reach_no_host_function_of_a_switched_off_plugin(
    room: str, furnished_acme: tuple[World, Rows], kernel: Kernel
) -> None:
    given = [one for one, plugin in kernel.host_plugins.items() if plugin == room and kernel.host_functions[one].call]
    dispatcher = pytest.importorskip("plugins.extensions.calls.dispatcher")
    invocation = pytest.importorskip("plugins.extensions.guests.invocation")
    acme, rows = furnished_acme
    install_id = rows.of["extensions"]["install_id"]
    call = GuestCall(install_id, "example.contoso.orders", "1.0.0", "http", "request-1", kernel.clock.now())
    ask = dispatcher.Dispatcher(kernel, acme.tenant_id, Actor("extension", install_id, "Orders"), call)
    asked = [invocation.HostCall(interface, function, {}, True, None) for interface, function in given]
    assert [one for one in asked if _not_enabled(ask(one))] == []
    _switch(acme, room, enabled=False)
    assert [one for one in asked if not _not_enabled(ask(one))] == []


def _not_enabled(answer: Any) -> bool:
    return str(answer.get("error", "")).startswith("plugin_not_enabled")


@pytest.mark.parametrize("room", OPTIONAL)
def test_navigation_loses_what_was_switched_off_and_gets_it_back(room: str, acme: World) -> None:
    links = [entry.url for plugin, entry in PLUGINS.collect("register_navigation") if plugin.name == room]
    before = acme.client().get("/").text
    changed = _switch(acme, room, enabled=False)
    after = acme.client().get("/").text
    for link in links:
        assert f'href="{link}"' in before
        assert f'href="{link}"' not in after
    for one in changed:
        _switch(acme, one, enabled=True)
    assert all(f'href="{link}"' in acme.client().get("/").text for link in links)


def test_what_every_tenant_needs_stays_on(acme: World) -> None:
    for name in set(NAMES) - set(OPTIONAL):
        with pytest.raises(Refused, match="every tenant needs it"):
            _switch(acme, name, enabled=False)


@pytest.mark.parametrize("room", NAMES)
def test_a_plugin_boots_alone_with_what_it_requires(room: str) -> None:
    needed: list[str] = []
    _require(room, needed)
    plugins = Plugins(importlib.import_module(PLUGINS.get(one).package) for one in needed)
    plugins.register_hooks()
    assert set(plugins.installed) == set(needed)
    routes = [route for _, rest in plugins.collect("register_rest") for route in rest.routes]
    permissions = plugins.permissions.keys()
    assert {route.permission for route in routes if not route.permission.startswith("(")} <= permissions


def _require(name: str, needed: list[str]) -> None:
    for one in PLUGINS.get(name).manifest.requires:
        _require(one, needed)
    if name not in needed:
        needed.append(name)
