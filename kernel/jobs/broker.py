"""Celery, the engine that wakes workers. Its messages say whose work of which kind; the work itself is in the database.

The default broker is our own PostgreSQL by kombu's `pgmq` transport; DESKHAND_BROKER_URL names Redis or RabbitMQ instead.
"""

from __future__ import annotations

import logging
import threading
import time
import warnings
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, worker_shutting_down
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import make_url

from kernel.errors import NotFound, StartupError
from kernel.jobs.runner import STOPPING
from kernel.jobs.work import work

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.config import Settings

TASK = "deskhand.work"
QUEUE = "deskhand"
VISIBILITY_SECONDS = 120
"""Longer than any task: a message that is not acknowledged by then is given to another worker."""
QUIET_SECONDS = 10.0
log = logging.getLogger(__name__)


def celery_app(settings: Settings, *, consume: bool = False) -> Celery:
    """A Celery application on the configured broker. Raises StartupError when there is none."""
    url, options = _broker(settings, consume)
    app = Celery("deskhand", broker=url, set_as_current=False)
    if not settings.broker_url:
        app.conf.broker_transport = "kernel.jobs.transport:Transport"
    app.conf.update(
        broker_transport_options=options, broker_pool_limit=2, broker_connection_retry_on_startup=True,
        task_default_queue=QUEUE, task_serializer="json", accept_content=["json"], task_ignore_result=True,
        task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1,
        worker_enable_remote_control=False, worker_send_task_events=False, task_send_sent_event=False,
        worker_hijack_root_logger=False, worker_redirect_stdouts=False, enable_utc=True,
    )  # fmt: skip
    return app


def _broker(settings: Settings, consume: bool) -> tuple[str, dict[str, Any]]:
    if settings.broker_url:
        redis = settings.broker_url.startswith(("redis", "unix"))
        return settings.broker_url, {"visibility_timeout": VISIBILITY_SECONDS} if redis else {}
    if not settings.queue_url:
        raise StartupError("Set DESKHAND_QUEUE_URL to the queue role's PostgreSQL, or DESKHAND_BROKER_URL.")
    # Only who waits for messages may LISTEN: notices that nobody reads hold up the server's notification queue.
    return "pgmq://localhost", {
        "conn_string": _conninfo(settings.queue_url), "init_extension": False, "use_notify": consume,
        "notify_throttle_interval_ms": 0, "visibility_timeout": VISIBILITY_SECONDS, "wait_time_seconds": 0,
        "pool_size": 2, "pool_timeout": 3,
    }  # fmt: skip


def _conninfo(url: str) -> str:
    parts = make_url(url)
    return make_conninfo(**{**parts.translate_connect_args(username="user", database="dbname"), **parts.query})


class Nudge:
    """Tells the workers at once that a tenant has work; the note in the database is the promise, this is only haste.

    Sent from a thread of its own: no request waits for the broker, least of all for one that is away.
    """

    def __init__(self, settings: Settings) -> None:
        self._app = celery_app(settings)
        self._waiting: SimpleQueue[tuple[UUID, str]] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def send(self, tenant_id: UUID, kind: str) -> None:
        """Send one message now. Raises whatever the broker's client raises."""
        self._app.send_task(TASK, args=(str(tenant_id), kind), queue=QUEUE, retry=False)

    def __call__(self, tenant_id: UUID, kind: str) -> None:
        """Send soon, if the broker answers. Never raises."""
        self._waiting.put((tenant_id, kind))
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._send_all, name="nudge", daemon=True)
                self._thread.start()

    def _send_all(self) -> None:
        while True:
            wanted = {self._waiting.get()}
            while not self._waiting.empty():
                wanted.add(self._waiting.get())
            try:
                for tenant_id, kind in wanted:
                    self.send(tenant_id, kind)
            except Exception:
                log.warning("The broker does not answer; the scheduler will pass the work on", exc_info=True)
                time.sleep(QUIET_SECONDS)


def connect_broker(kernel: Kernel) -> None:
    """Let work that this process commits start at once."""
    kernel.nudge.append(Nudge(kernel.settings))


def run_worker(kernel: Kernel, threads: int) -> int:
    """Work until SIGTERM or SIGINT; returns the exit code.

    Threads, not child processes: kombu's `pgmq` transport loses killed children for good.
    """
    connect_broker(kernel)
    app = celery_app(kernel.settings, consume=True)

    def do_work(tenant_id: str, kind: str) -> None:
        try:
            work(kernel, UUID(tenant_id), kind)
        except NotFound as error:
            log.info("No work for tenant %s: %s", tenant_id, error)

    app.task(do_work, name=TASK)
    worker_shutting_down.connect(_stop_slices)
    setup_logging.connect(_keep_logging)
    for chatter in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(chatter).setLevel(logging.WARNING)
    # Celery warns root because of pickle, which is not accepted here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    worker = app.Worker(pool="threads", concurrency=threads, without_gossip=True, without_mingle=True,
                        without_heartbeat=True, quiet=True)  # fmt: skip
    worker.start()
    return int(worker.exitcode or 0)


def _stop_slices(**_: Any) -> None:
    STOPPING.set()


def _keep_logging(**_: Any) -> None:
    """Celery sets up logging unless somebody listens here; this process has done so already."""
