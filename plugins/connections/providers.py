"""The services that rooms which are switched on connect to."""

from __future__ import annotations

from kernel.context import CallContext
from kernel.hookspecs.connections import ConnectionProvider
from plugins.connections.errors import ProviderUnknown

CALLBACK = "/connections/callback"


def list_providers(ctx: CallContext) -> dict[str, ConnectionProvider]:
    """Services by their key, in the order of their rooms."""
    named = ctx.kernel.plugins.collect("register_connection_providers")
    return {one.key: one for plugin, one in named if ctx.hooks.enabled(plugin.name)}


def get_provider(ctx: CallContext, key: str, environment: str = "") -> ConnectionProvider:
    """One service. Raises ProviderUnknown, also where it has no such environment."""
    found = list_providers(ctx).get(key)
    if found is None:
        words = "No plugin that is switched on connects to this service. Switch one on under Settings → Plugins."
        raise ProviderUnknown(words, errors={"provider": words})
    if environment and environment not in found.environments:
        words = f"{found.title} has {', '.join(found.environments)}."
        raise ProviderUnknown(words, errors={"environment": words})
    return found


def redirect_address(ctx: CallContext) -> str:
    """Where services send people back to; it has to be registered with them to the letter."""
    return ctx.kernel.settings.url + CALLBACK
