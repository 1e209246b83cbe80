"""The ways the catalog says no."""

from kernel.errors import Conflict, NotFound


class ItemNotFound(NotFound):
    code = "item_not_found"
    title = "No such catalog item"


class SkuTaken(Conflict):
    code = "sku_taken"
    title = "The SKU is another item's"


class ExternalIdTaken(Conflict):
    """In one system an id names one item."""

    code = "external_id_taken"
    title = "The external id is another item's"


class CategoryNotFound(NotFound):
    code = "category_not_found"
    title = "No such category"


class CategoryTaken(Conflict):
    code = "category_taken"
    title = "There is a category of this name"


class ClientPriceNotFound(NotFound):
    code = "client_price_not_found"
    title = "No such price of a client"


class ClientPriceTaken(Conflict):
    """A client has one price for an item, currency and first day."""

    code = "client_price_taken"
    title = "The client has a price from this day on"
