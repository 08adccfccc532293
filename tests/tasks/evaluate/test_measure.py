"""What evaluate does with a class of models is a function of that class."""

import pytest

from scorelet.core.errors import InputError
from scorelet.tasks.evaluate import evaluate, measure

pytestmark = pytest.mark.usefixtures("float32")


class Constant:
    """No nn.Module, and nothing that the package knows."""


def test_a_class_of_ones_own_is_measured_by_a_function_of_ones_own(tmp_path):
    with pytest.raises(InputError, match="A Constant cannot be evaluated: register a function"):
        evaluate(tmp_path, model=Constant())

    @measure.register
    def _(model: Constant, data, settings):
        return {"figure": 3.5, "figure_error": 0.5, "limit": settings.limit}

    assert evaluate(tmp_path, model=Constant(), limit=2) == {
        "model": "Constant",
        "data": str(tmp_path),
        "figure": 3.5,
        "figure_error": 0.5,
        "limit": 2,
    }
