"""What clients owe and when: terms of payment, reminders, late fees, statements, ageing."""
