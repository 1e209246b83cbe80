"""Contracts: what is agreed with a client, and what was used of it."""
