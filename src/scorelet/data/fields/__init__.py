"""Fields: array files, what compares them needs, ensembles with formulas."""
