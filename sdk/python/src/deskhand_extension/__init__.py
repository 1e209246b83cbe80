"""Write a Deskhand extension in Python: `handler`, `on_event`, `collect_charges` and `render_invoice` in `src/extension.py`."""

from deskhand_extension import host
from deskhand_extension.refusal import HostRefusal
from deskhand_extension.triggers import ChargeWindow, Event, Owed
from deskhand_extension.web import Request, Response, json_response

__all__ = ["ChargeWindow", "Event", "HostRefusal", "Owed", "Request", "Response", "host", "json_response"]
