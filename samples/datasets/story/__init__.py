"""One made-up quarter of Acme MSP, told table by table. Every table is a list of rows, a row a dict of typed values."""
