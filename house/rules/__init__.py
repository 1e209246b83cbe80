"""Rules that hold for every installed plugin, each file one subject."""
