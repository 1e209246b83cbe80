"""The ways the catalog says no."""

from kernel.errors import Conflict, NotFound


class ItemNotFound(NotFound):
    code = "item_not_found"
    title = "No such catalog item"


class SkuTaken(Conflict):
    code = "sku_taken"
    title = "The SKU is another item's"
