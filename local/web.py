"""The web server process: granian with a few workers, each a fork of it."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import socket
import threading
import time
from errno import EACCES, EADDRINUSE
from typing import TYPE_CHECKING

from jinja2 import FileSystemBytecodeCache

from kernel.config import Settings
from kernel.errors import StartupError
from local.addresses import with_addresses
from local.folder import make_private
from local.lifeline import die_with_parent

if TYPE_CHECKING:
    from flask import Flask

    from kernel.app import Kernel


FAREWELL_SECONDS = 1.0
BROKER_AFTER_SECONDS = 2.0


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. A worker that dies is started again."""
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    server = Server(
        "local.web:load_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=3,
    )
    server.serve(target_loader=load_app, wrap_loader=False)


def load_app() -> Flask:
    """The application of one web worker, which ends with its server."""
    gc.disable()  # nearly all that a start makes is there to stay: looking through it would take a good part of the time
    from kernel import logs
    from kernel.app import build_kernel, create_app

    server = multiprocessing.parent_process()
    if server is not None:
        die_with_parent(server.pid)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the server's handler, inherited, would not stop it while it loads
    settings = with_addresses(Settings.load())
    logs.configure(settings)
    kernel = build_kernel(settings)
    app = create_app(kernel)
    _keep_templates(app, settings)
    later = threading.Timer(BROKER_AFTER_SECONDS, _connect_broker, (kernel,))
    later.daemon = True
    later.start()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # what a request makes goes away with it, nearly all of it by itself
    gc.enable()
    return app


def _keep_templates(app: Flask, settings: Settings) -> None:
    """Templates compiled once are there at the next start: the first page of each kind would take half a second."""
    folder = settings.data_dir.absolute() / "templates"
    make_private(folder)
    app.extensions["deskhand-web"].environment.bytecode_cache = FileSystemBytecodeCache(str(folder))


def _connect_broker(kernel: Kernel) -> None:
    """After the first requests, for importing Celery takes a while; the scheduler passes on what comes before."""
    from kernel.jobs.broker import connect_broker

    connect_broker(kernel)


def check_port(host: str, port: int) -> None:
    """Raises StartupError if the web server could not listen there."""
    deadline = time.monotonic() + FAREWELL_SECONDS
    while error := _refusal(host, port):
        # The web processes of a run that was killed a moment ago still let go of it.
        if error.errno != EADDRINUSE or time.monotonic() > deadline:
            raise StartupError(_port_refused(host, port, error)) from error
        time.sleep(0.05)


def _refusal(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        return error
    return None


def _port_refused(host: str, port: int, error: OSError) -> str:
    if error.errno == EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Stop that one, or set DESKHAND_PORT to another port."
    if error.errno == EACCES:
        return f"This user may not listen on port {port}. Set DESKHAND_PORT to one above 1023."
    return f"Deskhand cannot listen on {host}, port {port}: {error.strerror}. Set DESKHAND_HOST and DESKHAND_PORT."
