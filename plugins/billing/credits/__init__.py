"""Credits: what the MSP owes clients, from where it comes to where it goes."""
