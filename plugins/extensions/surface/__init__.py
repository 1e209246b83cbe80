"""The host as guests see it: every host function described once, by the room that gives it, and told in each language."""
