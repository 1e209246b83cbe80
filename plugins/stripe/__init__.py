"""Stripe: clients pay invoices by card and other ways, through the tenant's own account there."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="stripe",
    title="Stripe",
    summary="Card payments, saved cards and refunds through your account with Stripe.",
    requires=("payments",),
    permissions=(Permission("stripe.manage", "Connect the company's account with Stripe"),),
    default_enabled=False,
)
