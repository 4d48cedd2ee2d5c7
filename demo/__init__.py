"""The browser page: one picture in, a verdict in words, and where it was altered."""
