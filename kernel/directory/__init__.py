"""Clients, locations, contacts, users, teams and roles: models and services. The pages are rooms of their own."""
