"""Calls that come over HTTP: from people, programs and signed senders."""
