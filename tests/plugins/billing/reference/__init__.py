"""A slow reference calculator of contracts: days are counted one by one, money is fractions, and nothing is the engine's own."""
