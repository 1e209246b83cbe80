"""Puts every room's routes, the API's document and the health checks into the Flask application."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from flask import Blueprint, Flask

from kernel import logs
from kernel.api import docs, health, problem
from kernel.api.endpoint import bind
from kernel.api.rest import PREFIX, Rest, Route
from kernel.errors import StartupError
from kernel.gate import PUBLIC, SIGNED_IN

if TYPE_CHECKING:
    from kernel.app import Kernel


def mount_api(app: Flask, kernel: Kernel) -> None:
    """Register the REST routes of all installed plugins; `app.extensions["deskhand_routes"]` lists them.

    Raises StartupError for a route that two views claim, an undeclared permission, or routes of another plugin's name.
    """
    routes = collect_routes(kernel)
    app.extensions["deskhand_routes"] = routes
    logs.install(app)
    problem.install(app)
    health.install(app, kernel)
    docs.install(app, kernel, routes)
    for plugin, own in groupby(sorted(routes, key=_plugin), key=_plugin):
        app.register_blueprint(_blueprint(kernel, plugin, list(own)), url_prefix=PREFIX)


def _plugin(route: Route) -> str:
    return route.plugin


def collect_routes(kernel: Kernel) -> list[Route]:
    """Every room's routes, checked. Raises StartupError."""
    routes: list[Route] = []
    for plugin, rest in kernel.plugins.collect("register_rest"):
        if not isinstance(rest, Rest) or rest.plugin != plugin.name:
            raise StartupError(f"The plugin {plugin.name} registers REST routes that are not Rest({plugin.name!r}).")
        routes += rest.routes
    check_routes(kernel, routes)
    return routes


def check_routes(kernel: Kernel, routes: list[Route]) -> None:
    """Raise StartupError for an address or name used twice, or a permission that no manifest declares."""
    _refuse_twins(routes)
    known = kernel.plugins.permissions.keys() | {PUBLIC, SIGNED_IN}
    for route in routes:
        if route.permission not in known:
            raise StartupError(
                f"{route.method} {route.path} of {route.plugin} needs {route.permission!r}, which no manifest declares."
            )


def _refuse_twins(routes: list[Route]) -> None:
    seen: dict[tuple[str, str], Route] = {}
    for route in routes:
        for key in (route.shape, (route.plugin, route.name)):
            twin = seen.setdefault(key, route)
            if twin is not route:
                raise StartupError(
                    f"{route.method} {route.path} of {route.plugin} ({route.name}) and"
                    f" {twin.method} {twin.path} of {twin.plugin} ({twin.name}) claim the same address or name."
                )


def _blueprint(kernel: Kernel, plugin: str, routes: list[Route]) -> Blueprint:
    blueprint = Blueprint(plugin, plugin)
    problem.handle_errors(blueprint)
    for route in routes:
        blueprint.add_url_rule(route.path, route.name, bind(kernel, route, routes), methods=[route.method])
    return blueprint
