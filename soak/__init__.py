"""A soak: many clients, good and hostile input, and faults, against a real server on loopback."""
