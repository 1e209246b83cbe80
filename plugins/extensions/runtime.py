"""The guests of this process: where compiled ones lie, and the workers that run them; made when first needed."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.pool import GuestPool

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.db import Database

_lock = threading.Lock()
_stores: WeakKeyDictionary[Database, ArtefactStore] = WeakKeyDictionary()
_pools: WeakKeyDictionary[Database, GuestPool] = WeakKeyDictionary()


def artefact_store(kernel: Kernel) -> ArtefactStore:
    """The sealed compiled guests of this installation, below the data folder."""
    with _lock:
        store = _stores.get(kernel.db)
        if store is None:
            folder = kernel.settings.data_dir / "guests"
            store = _stores[kernel.db] = ArtefactStore(folder, kernel.vault.derive("compiled guests"))
        return store


def guest_pool(kernel: Kernel) -> GuestPool:
    """This process's workers, `guest_workers` of them; they end with the process."""
    store = artefact_store(kernel)
    with _lock:
        pool = _pools.get(kernel.db)
        if pool is None:
            pool = _pools[kernel.db] = GuestPool(store, size=max(kernel.settings.guest_workers, 1))
            atexit.register(pool.close)
        return pool


def close_guest_pool(kernel: Kernel) -> None:
    """End this process's workers; the next call of a guest starts new ones."""
    with _lock:
        pool = _pools.pop(kernel.db, None)
    if pool is not None:
        atexit.unregister(pool.close)
        pool.close()
