"""How the stage of the REST tests is built."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from kernel.api import mount_api
from kernel.app import Kernel
from kernel.plugins import Plugins
from tests.kernel import api_room


def room_kernel(kernel: Kernel, **settings: object) -> Kernel:
    """The kernel with the gadgets, and other settings."""
    plugins = Plugins([api_room])
    plugins.register_hooks()
    return replace(kernel, plugins=plugins, settings=replace(kernel.settings, **settings))


def api_app(kernel: Kernel) -> Flask:
    """An application that serves nothing but the API."""
    app = Flask("api-stage", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.extensions["deskhand"] = kernel
    mount_api(app, kernel)
    app.testing = True
    return app
