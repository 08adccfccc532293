"""Files of pictures: two training sets and new ones."""

import numpy as np
import pytest

from smooth_pictures import pictures


@pytest.fixture
def arrays(tmp_path):
    for k, name in enumerate(("a", "b", "new")):
        np.save(tmp_path / f"{name}.npy", pictures(20, seed=k))
    return [tmp_path / f"{name}.npy" for name in ("a", "b", "new")]
