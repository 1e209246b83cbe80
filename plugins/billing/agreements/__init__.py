"""What surrounds contracts: templates and bundles, price schedules, discounts, clients' orders, renewals."""
