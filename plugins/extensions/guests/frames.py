"""Messages between server and worker: four bytes of length, then JSON. Neither side believes the other's length."""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

import orjson

from .limits import MAX_FRAME_BYTES

Frame = dict[str, Any]
_LENGTH = struct.Struct("!I")


class ChannelClosed(Exception):
    """The other side is gone."""


class FrameRefused(Exception):
    """What arrived is no frame, or one longer than any frame may be."""


def packed(frame: Frame) -> bytes:
    """A frame as bytes; raises `TypeError` where it holds what JSON cannot say."""
    body = orjson.dumps(frame)
    return _LENGTH.pack(len(body)) + body


class Channel:
    """Frames over one end of a socket pair. Not for use by two threads at once."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end

    def send(self, frame: Frame, deadline: float | None = None) -> None:
        """Send one frame. Raises `ChannelClosed` when nobody listens, `TimeoutError` past the deadline."""
        self.send_packed(packed(frame), deadline)

    def send_packed(self, frame: bytes, deadline: float | None = None) -> None:
        """Send what `packed` gave; raises as `send` does."""
        self._limit(deadline)
        try:
            self.end.sendall(frame)
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelClosed from error

    def receive(self, deadline: float | None = None) -> Frame:
        """The next frame. `deadline` is a moment of `time.monotonic`; raises `TimeoutError` once it has passed."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, deadline))
        if length > MAX_FRAME_BYTES:
            raise FrameRefused(f"a frame of {length} bytes")
        try:
            frame = orjson.loads(self._exactly(length, deadline))
        except orjson.JSONDecodeError as error:
            raise FrameRefused("not JSON") from error
        if not isinstance(frame, dict):
            raise FrameRefused("not an object")
        return frame

    def _exactly(self, count: int, deadline: float | None) -> bytes:
        parts = []
        while count:
            part = self._some(count, deadline)
            if not part:
                raise ChannelClosed
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _some(self, count: int, deadline: float | None) -> bytes:
        self._limit(deadline)
        try:
            return self.end.recv(min(count, 1 << 18))
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelClosed from error

    def _limit(self, deadline: float | None) -> None:
        self.end.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.0001))
