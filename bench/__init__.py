"""Benchmarks on a national directory and a million past needs: see README.md."""
