"""A room of the tests' own: gadgets, kept in the kernel's table of clients."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="gadgets",
    title="Gadgets",
    summary="A room for the tests of the REST conventions.",
    permissions=(Permission("gadget.read", "See gadgets"), Permission("gadget.write", "Change gadgets")),
)
