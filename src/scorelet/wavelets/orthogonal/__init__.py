"""Periodised orthonormal wavelets and packets, and their spectral algebra."""
