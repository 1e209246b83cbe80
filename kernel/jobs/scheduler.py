"""The scheduler: each second it tells workers what is due. Any number of them may run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.wakeups import take_due

if TYPE_CHECKING:
    from kernel.app import Kernel

PAUSE_SECONDS = 1.0
PAUSE_AFTER_FAILURE = 5.0
log = logging.getLogger(__name__)


def pass_on_due(kernel: Kernel, send: Callable[[UUID, str], None]) -> int:
    """Send a message for each tenant and kind of work that is due; when one cannot be sent, all stay due."""
    with kernel.db.transaction() as session:
        due = take_due(session, kernel.clock.now())
        for tenant_id, kind in due:
            send(tenant_id, kind)
    return len(due)


def run_scheduler(kernel: Kernel, send: Callable[[UUID, str], None], stop: threading.Event) -> None:
    """Pass on what is due until `stop` is set; a database or broker that is away is waited for."""
    pause = 0.0
    while not stop.wait(pause):
        try:
            pass_on_due(kernel, send)
            pause = PAUSE_SECONDS
        except Exception:
            pause = PAUSE_AFTER_FAILURE
            log.warning("What is due could not be passed on", exc_info=True)
