"""Layouts of invoices: data that says what is printed and where; laid out once, rendered as PDF, picture or HTML."""
