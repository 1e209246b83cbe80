"""The stage and the cast come from `house.stage`, which pytest loads first."""

from house.stage import CAST, PASSWORD, START, World

__all__ = ["CAST", "PASSWORD", "START", "World"]
