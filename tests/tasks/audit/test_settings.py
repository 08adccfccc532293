"""Settings of an audit: levels, and options of twins alone."""

import pytest

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.tasks.audit import AuditSettings
from smooth_pictures import finite


def test_levels_in_8_bit_units_are_refused():
    with pytest.raises(InputError, match="a level of 25 in 8-bit units is 25/255"):
        AuditSettings(sigmas=(50.0, 25.0))


@pytest.mark.parametrize(
    "option",
    [
        {"sizes": [10, 100, 1000]},
        {"folder": "x"},
        {"steps": 2000},
        {"width": 16},
        {"resume": True},
        {"overwrite": True},
    ],
)
def test_options_of_twins_are_refused_beside_models(arrays, option):
    a, b, new = arrays
    (name,) = option
    with pytest.raises(InputError, match=f"^{name} has no effect with models"):
        sl.audit(new, models=[finite(a), finite(b)], samples=0, **option)
