"""Pictures of two classes that a linear classifier tells apart, but for every sixth."""

import pytest

from linear_classifiers import labelled


@pytest.fixture
def data():
    return labelled()
