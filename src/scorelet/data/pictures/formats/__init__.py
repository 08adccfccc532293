"""Kinds of picture files, one module each."""
