"""Taxes: rates by region and date, exemptions, reverse charge, and the arithmetic of tax on documents."""
