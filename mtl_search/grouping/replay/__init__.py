"""Searches replayed on tables of measured subsets: a strategy is judged in seconds, without training."""
