"""A detector in a process of its own: whatever it does there, the service lives and answers."""
