"""REST conventions: the gate's companion for programs. Rooms use `rest`, `listing` and nothing else of it."""

from kernel.api.mount import mount_api

__all__ = ["mount_api"]
