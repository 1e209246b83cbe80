"""Billing: contracts, billing runs, invoices, credits and the ledger."""
