"""A worker process as the server sees it, and the compiled guests that it lends to workers."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import WorkerNotStarted
from .artefacts import ArtefactStore
from .frames import Channel, ChannelClosed, FrameRefused
from .limits import MIB
from .spawn import python_command

_START_SECONDS = 30.0
_LENT_GUESTS, _LENT_BYTES = 32, 512 * MIB
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class WorkerProcess:
    """One started worker, ready for its first invocation. `offline` tells whether the kernel took its network away."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                python_command("worker", str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={},
                cwd="/",
                start_new_session=True,
            )
        self.channel = Channel(ours)
        self.runs = 0
        self.owner = ""
        self.offline = self._await_ready()

    def _await_ready(self) -> bool:
        try:
            return bool(self.channel.receive(time.monotonic() + _START_SECONDS)["offline"])
        except (ChannelClosed, FrameRefused, TimeoutError, KeyError) as error:
            self.kill()
            raise WorkerNotStarted(f"A guest worker did not start ({type(error).__name__}).") from error

    def lend(self, descriptor: int) -> None:
        """Give the worker a compiled guest. Raises `ChannelClosed` when it died meanwhile, `TimeoutError` as `send` does."""
        try:
            socket.send_fds(self.channel.end, [b"\0"], [descriptor])
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelClosed from error

    def kill(self) -> None:
        """End the process at once; safe to call twice."""
        self.process.kill()
        self.process.wait()
        self.channel.end.close()

    def death(self) -> str:
        """What ended the process, once its channel is closed."""
        self.kill()
        code = self.process.returncode
        return signal.Signals(-code).name if code < 0 else f"exit {code}"


class LentGuests:
    """Compiled guests in sealed memory: checked once against their HMAC, and nobody can change them after that. Those that
    were lent longest ago go when there are many, or large ones.
    """

    def __init__(self, store: ArtefactStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: OrderedDict[str, int] = OrderedDict()
        self._sizes: dict[str, int] = {}

    @contextmanager
    def lent(self, key: str) -> Iterator[int]:
        """A file descriptor of the guest's machine code, for the length of the block."""
        with self._lock:
            descriptor = os.dup(self._hold(key))
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Let go of all guests."""
        with self._lock:
            while self._held:
                os.close(self._held.popitem()[1])
            self._sizes.clear()

    def _hold(self, key: str) -> int:
        if key not in self._held:
            code = self._store.code(key)
            self._held[key], self._sizes[key] = _sealed(code), len(code)
            while len(self._held) > _LENT_GUESTS or (len(self._held) > 1 and sum(self._sizes.values()) > _LENT_BYTES):
                oldest, descriptor = self._held.popitem(last=False)
                os.close(descriptor)
                del self._sizes[oldest]
        self._held.move_to_end(key)
        return self._held[key]


def _sealed(code: bytes) -> int:
    descriptor = os.memfd_create("guest", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(descriptor), "wb") as memory:
        memory.write(code)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor
