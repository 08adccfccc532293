"""Morlet wavelets: the bank in the Fourier domain, and its transform."""
