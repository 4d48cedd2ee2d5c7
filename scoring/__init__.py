"""Scores any service that speaks the challenge's contract; `scripts/test_datasets.py` runs it."""
