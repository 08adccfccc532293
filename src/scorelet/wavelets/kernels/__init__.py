"""Compiled code for CPUs: vectors, transforms along lines, fast Fourier transforms in lanes."""
