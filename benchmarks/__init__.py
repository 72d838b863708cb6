"""Benchmarks: each goal measured beside its peer in the same run. Not tests; see README.md."""
