"""A plugin that a tenant switched off is silent at all four gates, and only for that tenant."""

from __future__ import annotations

import pytest
from flask import Flask

from house.rules.test_code import NAMES, PLUGINS
from house.stage import World
from house.walk import body_for, page_doors, rest_doors
from kernel.app import Kernel
from kernel.gate import PUBLIC
from kernel.hookspecs import PROJECT
from kernel.plugins import CHAPTERS
from kernel.tenancy import switch_plugin

OPTIONAL = [name for name in NAMES if not PLUGINS.get(name).manifest.required]


def _switch(world: World, name: str, *, enabled: bool) -> list[str]:
    with world.call() as ctx:
        return switch_plugin(ctx, name, enabled=enabled)


@pytest.mark.parametrize("name", OPTIONAL)
def test_routes_and_pages_of_a_switched_off_plugin_are_not_there(name: str, acme: World, beta: World, app: Flask) -> None:
    off = set(_switch(acme, name, enabled=False))
    assert off >= {name}
    api, browser, other = acme.api(), acme.client(), beta.api()
    for door in rest_doors(app):
        if door.plugin in off and door.permission != PUBLIC:
            answer = api.open(door.address({}), method=door.method, json=body_for(door))
            expected = (404, "plugin_not_enabled")
            if door.parameters:  # an address without an id does not exist for anybody
                continue
            assert (answer.status_code, answer.json["code"]) == expected, door
            elsewhere = other.open(door.address({}), method=door.method, json=body_for(door))
            assert elsewhere.json is None or elsewhere.json.get("code") != "plugin_not_enabled", door
    for door in page_doors(app):
        if door.plugin in off and not door.parameters and door.method == "GET":
            answer = browser.open(door.address({}))
            assert answer.status_code == 404, door


@pytest.mark.parametrize("name", OPTIONAL)
def test_hooks_of_a_switched_off_plugin_are_silent(name: str, acme: World, beta: World) -> None:
    _switch(acme, name, enabled=False)
    with acme.call() as ours, beta.call() as theirs:
        implemented = [hook for hook in _hooks() if _answered_by(theirs.hooks, hook, name)]
        assert [hook for hook in _hooks() if _answered_by(ours.hooks, hook, name)] == []
        assert all(_answered_by(theirs.hooks, hook, name) for hook in implemented)


def _hooks() -> list[str]:
    import importlib

    modules = [importlib.import_module(f"kernel.hookspecs.{chapter}") for chapter in CHAPTERS]
    return [name for module in modules for name, one in vars(module).items()
            if hasattr(one, f"{PROJECT}_spec") and not name.startswith("register_")]  # fmt: skip


def _answered_by(hooks: object, hook: str, plugin: str) -> bool:
    caller = hooks._caller(hook, hooks.disabled)  # type: ignore[attr-defined]
    return plugin in {one.plugin_name for one in caller.get_hookimpls()}


@pytest.mark.parametrize("name", OPTIONAL)
def test_jobs_of_a_switched_off_plugin_are_skipped(name: str, acme: World, kernel: Kernel) -> None:
    from kernel import jobs
    from kernel.jobs.models import Job
    from kernel.jobs.work import run_due

    kinds = [kind for kind, plugin in kernel.job_plugins.items() if plugin == name]
    if not kinds:
        pytest.skip(f"{name} has no jobs")
    with acme.call() as ctx:
        ids = [jobs.enqueue(ctx, kind, {}) for kind in kinds]
    _switch(acme, name, enabled=False)
    run_due(kernel, acme.tenant_id)
    with acme.call() as ctx:
        states = {row.id: row.state for row in ctx.session.query(Job).filter(Job.id.in_(ids))}
    assert set(states.values()) == {"skipped"}


@pytest.mark.parametrize("name", OPTIONAL)
def test_navigation_loses_what_was_switched_off_and_gets_it_back(name: str, acme: World) -> None:
    links = [entry.url for plugin, entry in PLUGINS.collect("register_navigation") if plugin.name == name]
    before = acme.client().get("/").text
    changed = _switch(acme, name, enabled=False)
    after = acme.client().get("/").text
    for link in links:
        assert f'href="{link}"' in before
        assert f'href="{link}"' not in after
    for one in changed:
        _switch(acme, one, enabled=True)
    assert all(f'href="{link}"' in acme.client().get("/").text for link in links)


def test_what_every_tenant_needs_stays_on(acme: World) -> None:
    from kernel.errors import Refused

    for name in set(NAMES) - set(OPTIONAL):
        with pytest.raises(Refused, match="every tenant needs it"):
            _switch(acme, name, enabled=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_plugin_boots_alone_with_what_it_requires(name: str) -> None:
    import importlib

    from kernel.plugins import Plugins

    needed: list[str] = []
    _require(name, needed)
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
