"""How the stage of the web tests is built."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from kernel.app import Kernel, create_app
from kernel.plugins import Plugins
from kernel.tenancy import greet_plugins
from tests.kernel import web_room
from tests.kernel.web_room import hooks, pages


def web_kernel(kernel: Kernel) -> Kernel:
    """The kernel with the room of parcels alone."""
    pages.SENT.clear()
    plugins = Plugins([web_room])
    plugins.register_hooks()
    jobs = {one.name: one for one in hooks.register_jobs()}
    return replace(kernel, plugins=plugins, jobs=jobs, job_plugins=dict.fromkeys(jobs, "web_room"))


def web_app(kernel: Kernel) -> Flask:
    """An application with the pages of the shell and of the room."""
    app = create_app(kernel)
    app.testing = True
    return app


def meet_parcels(kernel: Kernel, tenant_id: object) -> None:
    """Give the tenant's roles the permissions of the room."""
    with kernel.call(tenant_id) as ctx:  # type: ignore[arg-type]
        greet_plugins(ctx.session, kernel.plugins)
