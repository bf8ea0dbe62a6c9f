"""How fast the oracle is, side by side with its peers: `python -m benchmarks`. Never a test."""
