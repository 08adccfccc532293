"""Scattering: paths, coefficients, covariances, features."""
