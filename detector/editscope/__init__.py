"""The default detector: a small network for pixels and noise, in plain PyTorch."""
