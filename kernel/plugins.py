"""Discovery of plugins by entry point, and the hook manager as one tenant sees it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from kernel.errors import AmbiguousProvider, NoProvider, NotFound, StartupError
from kernel.hookspecs import PROJECT
from kernel.manifest import Capability, Manifest, Permission

GROUP = "deskhand.plugins"
CHAPTERS = (
    "start", "screen", "directory", "charging", "pricing", "tax", "invoicing", "papers", "receipts", "paying", "connections",
    "accounting", "delegated_tax", "transfer", "notify",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plugin:
    """One installed plugin: its manifest and where its package lies."""

    manifest: Manifest
    package: str
    path: Path

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def migrations(self) -> Path | None:
        """The folder of this plugin's schema changes, if it has tables."""
        folder = self.path / "migrations"
        return folder if folder.is_dir() else None


class Plugins:
    """All installed plugins, in an order in which each comes after what it requires."""

    def __init__(self, packages: Iterable[ModuleType]) -> None:
        found = [_read(package) for package in packages]
        self.installed: dict[str, Plugin] = {plugin.name: plugin for plugin in _in_order(found)}
        self.manager = pluggy.PluginManager(PROJECT)
        for chapter in CHAPTERS:
            self.manager.add_hookspecs(importlib.import_module(f"kernel.hookspecs.{chapter}"))
        self._tenant_hooks: dict[tuple[frozenset[str], frozenset[tuple[str, str]]], TenantHooks] = {}

    @classmethod
    def discover(cls) -> Plugins:
        """Find every plugin that an installed distribution offers, and register its hooks."""
        plugins = cls(point.load() for point in entry_points(group=GROUP))
        plugins.register_hooks()
        return plugins

    def register_hooks(self) -> None:
        """Import each plugin's `hooks` module. Raises StartupError on a hook that no chapter knows."""
        for plugin in self.installed.values():
            self.manager.register(importlib.import_module(f"{plugin.package}.hooks"), name=plugin.name)
        try:
            self.manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise StartupError(f"A plugin implements a hook that does not exist: {error}") from error

    @property
    def hook(self) -> Any:
        """Every plugin's hooks, whatever tenants have switched off; for start-up only."""
        return self.manager.hook

    def collect(self, hook: str) -> list[tuple[Plugin, Any]]:
        """Answers of a `register_*` hook, flattened, each with the plugin that gave it, in dependency order."""
        answers: list[tuple[Plugin, Any]] = []
        for name, plugin in self.installed.items():
            module = self.manager.get_plugin(name)
            if hasattr(module, hook):
                answers += [(plugin, one) for one in getattr(module, hook)()]
        return answers

    def get(self, name: str) -> Plugin:
        """Raises NotFound for a plugin that is not installed."""
        if name not in self.installed:
            raise NotFound(f"No plugin named {name!r} is installed.")
        return self.installed[name]

    @cached_property
    def permissions(self) -> dict[str, Permission]:
        return {one.name: one for plugin in self.installed.values() for one in plugin.manifest.permissions}

    @cached_property
    def capabilities(self) -> dict[str, Capability]:
        return {one.name: one for plugin in self.installed.values() for one in plugin.manifest.capabilities}

    def dependents(self, name: str) -> list[str]:
        """Plugins that need `name`, directly or by way of others."""
        needing: list[str] = []
        for plugin in self.installed.values():
            if plugin.name != name and set(plugin.manifest.requires) & {name, *needing}:
                needing.append(plugin.name)
        return needing

    def closed(self, disabled: Iterable[str]) -> frozenset[str]:
        """`disabled` plus every plugin that cannot work without one of them."""
        off = set(disabled)
        for name in tuple(off):
            off.update(self.dependents(name))
        return frozenset(off & self.installed.keys())

    def for_tenant(self, disabled: Iterable[str], providers: Mapping[str, str] | None = None) -> TenantHooks:
        """The hooks of a tenant that has switched `disabled` off; `providers` chooses who answers an ask."""
        key = (frozenset(disabled), frozenset((providers or {}).items()))
        if key not in self._tenant_hooks:  # asked on each request: what follows from it is worked out once
            self._tenant_hooks[key] = TenantHooks(self, self.closed(key[0]), dict(key[1]))
        return self._tenant_hooks[key]


class TenantHooks:
    """The hook manager as one tenant sees it: `hooks.collect_charges(ctx=ctx, …)` asks its enabled plugins only."""

    def __init__(self, plugins: Plugins, disabled: frozenset[str], providers: Mapping[str, str]) -> None:
        self.plugins = plugins
        self.disabled = disabled
        self.providers = providers

    def enabled(self, plugin: str) -> bool:
        """True if the plugin is installed, switched on, and so is all it requires."""
        return plugin in self.plugins.installed and plugin not in self.disabled

    @cached_property
    def silenced(self) -> TenantHooks:
        """The plugins that are switched off; used to say what waits there and to let go of it, never to do their work."""
        return TenantHooks(self.plugins, frozenset(self.plugins.installed) - self.disabled, {})

    def only(self, plugin: str, hook: str) -> pluggy.HookCaller:
        """One plugin's implementation of a hook."""
        return self._caller(hook, set(self.plugins.installed) - {plugin})

    def __getattr__(self, hook: str) -> Any:
        if hook.startswith("_") or not hasattr(self.plugins.manager.hook, hook):
            raise AttributeError(f"no hook is named {hook!r}")
        caller = self._caller(hook, self.disabled)
        if caller.spec is not None and caller.spec.opts.get("firstresult"):
            caller = self._sole_provider(hook, caller)
        setattr(self, hook, caller)
        return caller

    def _caller(self, hook: str, without: Iterable[str]) -> pluggy.HookCaller:
        manager = self.plugins.manager
        return manager.subset_hook_caller(hook, [manager.get_plugin(name) for name in without])

    def _sole_provider(self, hook: str, caller: pluggy.HookCaller) -> pluggy.HookCaller:
        names = sorted(one.plugin_name for one in caller.get_hookimpls())
        if not names:
            raise NoProvider(f"No enabled plugin answers {hook}. Switch one on under Settings → Plugins.", hook=hook)
        if len(names) == 1:
            return caller
        if self.providers.get(hook) not in names:
            raise AmbiguousProvider(f"{hook} is answered by {', '.join(names)}; choose one in the settings.", hook=hook)
        return self.only(self.providers[hook], hook)


def _read(package: ModuleType) -> Plugin:
    manifest = getattr(package, "manifest", None)
    if not isinstance(manifest, Manifest) or package.__file__ is None:
        raise StartupError(f"The plugin package {package.__name__} has no `manifest = Manifest(…)` in its __init__.py.")
    return Plugin(manifest, package.__name__, Path(package.__file__).parent)


def _in_order(plugins: list[Plugin]) -> list[Plugin]:
    by_name = {plugin.name: plugin for plugin in plugins}
    for plugin in plugins:
        missing = set(plugin.manifest.requires) - by_name.keys()
        if missing:
            raise StartupError(f"The plugin {plugin.name} requires {', '.join(sorted(missing))}, not installed here.")
    graph = {name: sorted(by_name[name].manifest.requires) for name in sorted(by_name)}
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise StartupError(f"Plugins require each other in a circle: {error.args[1]}") from error
