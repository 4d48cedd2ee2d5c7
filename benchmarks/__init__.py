"""Benchmarks: ratios measured in one run, against the bare detector and against peers."""
