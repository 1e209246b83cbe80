"""Benchmarks: `make bench` measures pairs side by side in one run and compares them with the targets."""
