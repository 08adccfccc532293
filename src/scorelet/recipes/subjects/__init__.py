"""The recipes, one module each with its `RECIPE`; they never import each other."""
