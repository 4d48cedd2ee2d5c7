"""Test data sets for any service of the challenge's contract; `scripts/generate_test_datasets.py`.

Made on the spot from procedural scenes and scikit-image's pictures: nothing is downloaded, no
generative model is run, and what was done to each picture is written beside it.
"""
