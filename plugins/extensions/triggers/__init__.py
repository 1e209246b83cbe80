"""What calls guests besides HTTP: times, events, and hooks of the house."""
