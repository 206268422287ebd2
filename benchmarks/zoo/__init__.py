"""Pairs of real runs whose truth is known, because the difference was put there on purpose."""
