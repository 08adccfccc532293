"""Foundations that every layer shares: shapes, errors, randomness, devices, checkpoints."""
