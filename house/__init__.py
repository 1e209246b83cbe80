"""The house rules as tests, and the stage they play on; for the rooms of this tree and for plugins from outside it.

A plugin from outside runs them on itself: `pytest -p house.stage --pyargs house.rules --room NAME`.
"""
