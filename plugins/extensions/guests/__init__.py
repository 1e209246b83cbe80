"""Guests: WebAssembly components of strangers, compiled and run in processes that know nothing worth stealing.

The worker and compiler processes import this package by itself, so nothing here may import the rest of the house
except the modules that only the server uses (`pool`, `compiling`, `inspection`, `contract`, `errors`).
"""
