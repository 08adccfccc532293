"""What tests of networks share."""

import pytest
import torch


@pytest.fixture
def without_values():
    """Networks of millions of parameters are built without any numbers in them."""
    with torch.device("meta"):
        yield
