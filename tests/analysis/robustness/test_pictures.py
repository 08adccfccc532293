"""What may be attacked, and what counts as logits."""

import pytest
import torch

from scorelet.analysis.robustness import check_unnormalised
from scorelet.analysis.robustness.pictures import check_unit
from scorelet.core.errors import InputError
from scorelet.core.random import generator


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_probabilities_are_no_logits_however_they_were_rounded(classes, dtype):
    """A float32 answer may have been computed in half precision, which leaves other sums."""
    z = 3 * torch.randn(16, classes, generator=generator(0))
    with pytest.raises(InputError, match="returns probabilities"):
        check_unnormalised(z.softmax(1).to(dtype).float())
    check_unnormalised(z.abs().to(dtype).float())
    check_unnormalised(z.softmax(1).to(dtype).float().log())


def test_pictures_with_nan_are_not_called_out_of_range():
    x = torch.full((2, 1, 3, 3), 0.5)
    x[1, 0, 2, 2] = torch.nan
    with pytest.raises(InputError, match="hold NaN: fill them first"):
        check_unit(x)
