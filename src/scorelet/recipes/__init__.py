"""Published results, measured again: data, model, evaluation, and claims with their criteria.

>>> from scorelet.recipes import recipe_names, reproduce
>>> "separation_concentration" in recipe_names()
True
>>> document = reproduce("separation_concentration", "out", scale="smoke")  # doctest: +SKIP
"""

from scorelet.recipes.base import SCALES, Findings, Recipe, Scale, Setup
from scorelet.recipes.claims import Claim, Criterion, Measured, at_least, at_most, within
from scorelet.recipes.run import find_recipe, recipe_names, reproduce
from scorelet.recipes.steps import Steps

__all__ = [
    "SCALES",
    "Claim",
    "Criterion",
    "Findings",
    "Measured",
    "Recipe",
    "Scale",
    "Setup",
    "Steps",
    "at_least",
    "at_most",
    "find_recipe",
    "recipe_names",
    "reproduce",
    "within",
]
