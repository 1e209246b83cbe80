"""One call of a guest: how it is made, what it may ask of the house, what is written down of it."""
