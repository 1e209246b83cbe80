"""E-invoices: invoices as data that the buyer's books can read, by EN 16931."""

from kernel.manifest import Manifest, Permission
from plugins.einvoicing.settings import SellerProfile

manifest = Manifest(
    name="einvoicing",
    title="E-invoices",
    summary="Invoices and credit notes as UBL and Factur-X by EN 16931, to download and to send.",
    requires=("billing",),
    permissions=(Permission("e_invoice.manage", "Change what e-invoices say of the seller and of clients", ("finance",)),),
    settings=SellerProfile,
)
