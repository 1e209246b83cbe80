"""A few worker processes, shared by all threads of a server."""

from __future__ import annotations

import threading
from collections import Counter
from types import TracebackType
from typing import Self

from ..errors import GuestsBusy, RequestTooLarge
from .answers import request_bytes
from .artefacts import ArtefactStore
from .contract import load_contract
from .dialogue import Dialogue
from .invocation import Invocation, OnHostCall, Outcome
from .limits import SHORT_CALL_SECONDS
from .processes import LentGuests, WorkerProcess


class GuestPool:
    """Runs guests, each in a worker that serves one invocation at a time.

    At most `size` workers, started when first needed; `queue` threads may wait for one, each up to `queue_seconds`.
    One owner has at most all but one of them at work, and who has none at work gets one of `spare` more where all are
    taken: nobody's guests keep everybody else's waiting. A worker is replaced after `recycle_after` invocations, after a
    long one and after any trap. A free worker serves the owner it served last, where there is one; it is not replaced
    between owners, since each invocation has a fresh store and a start costs a hundred times a call.
    """

    def __init__(
        self,
        store: ArtefactStore,
        *,
        size: int = 2,
        spare: int = 4,
        queue: int = 32,
        queue_seconds: float = 5.0,
        recycle_after: int = 500,
    ) -> None:
        self._guests = LentGuests(store)
        self._contract = load_contract()
        self._free = threading.Condition()
        self._idle: list[WorkerProcess] = []
        self._size, self._spare, self._queue = size, spare, queue
        self._queue_seconds, self._recycle_after = queue_seconds, recycle_after
        self._share = max(size - 1, 1)
        self._taken = 0
        self._serving: Counter[str] = Counter()
        self._rough: set[str] = set()
        """Owners whose last call left its worker unfit: they get new ones, not those that wait for somebody else."""
        self._waiting = 0

    def invoke(self, invocation: Invocation, on_host_call: OnHostCall) -> Outcome:
        """Call a guest's handler. `on_host_call` is called in this thread, once for each host call of the guest.

        A guest that misbehaves is an `Outcome` with a `trap`, not an exception. Raises `GuestsBusy`,
        `RequestTooLarge`, `ArtefactMissing`, `ArtefactTampered` or `WorkerNotStarted`.
        """
        if (size := request_bytes(invocation.request)) > invocation.limits.request_bytes:
            raise RequestTooLarge(f"The request has {size} bytes; at most {invocation.limits.request_bytes} may come.")
        worker = self._take(invocation.owner)
        outcome = None
        try:
            outcome = Dialogue(worker, self._guests, self._contract, invocation, on_host_call).carry_out()
            return outcome
        finally:
            self._give_back(worker, invocation.owner, fit=outcome is not None and _was_easy(outcome))

    def idle_workers(self) -> tuple[int, ...]:
        """Process ids of the workers that wait for work."""
        with self._free:
            return tuple(worker.process.pid for worker in self._idle)

    def close(self) -> None:
        """End the idle workers; those at work end when their call does."""
        with self._free:
            self._size = self._spare = 0
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()
        self._guests.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _take(self, owner: str) -> WorkerProcess:
        with self._free:
            self._await_room(owner)
            self._taken += 1
            self._serving[owner] += 1
            if worker := self._pick(owner):
                return worker
        try:
            worker = WorkerProcess()
            worker.owner = owner
            return worker
        except BaseException:
            self._leave(owner)
            raise

    def _pick(self, owner: str) -> WorkerProcess | None:
        """An idle worker, the owner's last one before any other; a new one while the owner has none and there is room."""
        self._bury()
        own = next((one for one in reversed(self._idle) if one.owner == owner), None)
        crowded = bool(self._idle) and self._taken + len(self._idle) > self._size
        if own is None and (owner in self._rough or not crowded):
            return None
        worker = own or self._idle[0]
        self._idle.remove(worker)
        worker.owner = owner
        return worker

    def _bury(self) -> None:
        """Forget workers that died while they waited: the kernel was short of memory, or somebody killed them."""
        for dead in [one for one in self._idle if one.process.poll() is not None]:
            self._idle.remove(dead)
            dead.kill()

    def _has_room(self, owner: str) -> bool:
        if owner and not self._serving[owner]:
            return self._taken < self._size + self._spare
        return self._taken < self._size and (not owner or self._serving[owner] < self._share)

    def _await_room(self, owner: str) -> None:
        if self._has_room(owner):
            return
        if self._waiting >= self._queue:
            raise GuestsBusy("All extension workers are taken and the queue is full; try again in a moment.")
        self._waiting += 1
        try:
            if not self._free.wait_for(lambda: self._has_room(owner), self._queue_seconds):
                raise GuestsBusy(f"No extension worker was free within {self._queue_seconds:g} seconds.")
        finally:
            self._waiting -= 1

    def _give_back(self, worker: WorkerProcess, owner: str, *, fit: bool) -> None:
        worker.runs += 1
        with self._free:
            (self._rough.discard if fit else self._rough.add)(owner)
            keep = fit and len(self._idle) < self._size and worker.runs < self._recycle_after
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.kill()
        self._leave(owner)

    def _leave(self, owner: str) -> None:
        with self._free:
            self._taken -= 1
            self._serving[owner] -= 1
            if not self._serving[owner]:
                del self._serving[owner]
            self._free.notify_all()  # the waiting differ in what they wait for


def _was_easy(outcome: Outcome) -> bool:
    """Whether the worker is as it was before: nothing trapped in it, and it was not put behind all others."""
    return outcome.ok and outcome.cpu_seconds < SHORT_CALL_SECONDS
