"""Several processes share a soak: each has a database of its own, is given one piece of work after another, and answers.

Pieces and answers are JSON, a line each. A process ends with the one that gives it work, whatever ends that.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from subprocess import PIPE, Popen, TimeoutExpired
from typing import IO, Any

from local.lifeline import dying_with_parent
from tests.ground import ROOT

Piece = Sequence[Any]
GRACE_SECONDS = 30


def share(module: str, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Any]]:
    """What `SOAK_PROCESSES` (2) processes answer to the pieces, as they are done; `module.at_work()` gives what does one.

    Raises SystemExit when a process ends with a piece in its hands.
    """
    waiting, under_way = deque(pieces), dict[IO[str], tuple[Popen[str], Piece]]()
    with ExitStack() as running:
        count = min(int(os.environ.get("SOAK_PROCESSES", "2")), len(pieces))
        idle = [running.enter_context(_worker(module)) for _ in range(count)]
        while waiting or under_way:
            while idle and waiting:
                _give(idle.pop(), waiting.popleft(), under_way)
            for answers in select.select(list(under_way), [], [])[0]:
                worker, piece = under_way.pop(answers)
                if not (answer := answers.readline()):
                    raise SystemExit(f"The process that had {piece} to do has ended.")
                idle.append(worker)
                yield piece, json.loads(answer)


def _give(worker: Popen[str], piece: Piece, under_way: dict[IO[str], tuple[Popen[str], Piece]]) -> None:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps(piece) + "\n")
    worker.stdin.flush()
    under_way[worker.stdout] = worker, piece


@contextmanager
def _worker(module: str) -> Iterator[Popen[str]]:
    command, end = [sys.executable, "-m", "tests.soak.crew", module], dying_with_parent(signal.SIGTERM)
    with Popen(command, cwd=ROOT, text=True, stdin=PIPE, stdout=PIPE, preexec_fn=end) as worker:
        try:
            yield worker
        finally:
            _end(worker)


def _end(worker: Popen[str]) -> None:
    """Let it clean up; it may be deaf to a signal, for Python loses what is raised while it collects garbage."""
    worker.terminate()
    try:
        worker.wait(GRACE_SECONDS)
    except TimeoutExpired:
        worker.kill()


def _stop(*_: object) -> None:
    raise SystemExit


def main(module: str) -> None:
    """Do piece after piece until there is none, or until told to stop."""
    signal.signal(signal.SIGTERM, _stop)
    answers, sys.stdout = sys.stdout, sys.stderr  # what else is said must not look like an answer
    with import_module(module).at_work() as work:
        for piece in sys.stdin:
            answers.write(json.dumps(work(*json.loads(piece))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
