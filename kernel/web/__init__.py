"""The web shell: sign-in, navigation collected from plugins, the UI kit, pages and forms of rooms."""

from kernel.web.mount import mount_web

__all__ = ["mount_web"]
