"""Memory with guards on both sides: NaN, which a sum that reads it keeps, and which stays."""

import numpy as np
import torch

GUARD = 128  # numbers before and behind; two wide vectors of the smallest
BITS = 0xFFFF  # a bfloat16 that is NaN


class Guards:
    """Arrays and tensors in the middle of larger ones, which are remembered."""

    def __init__(self):
        self.buffers = []

    def empty(self, size, dtype):
        """An array of NaN; bytes are told apart by 255, bits of bfloat16 are those of a NaN."""
        guard = {np.dtype(np.uint8): 255, np.dtype(np.uint16): BITS}.get(np.dtype(dtype), np.nan)
        whole = np.full(size + 2 * GUARD, guard, dtype)
        self.buffers.append(whole)
        return whole[GUARD : GUARD + size]

    def array(self, values):
        """A copy of an array."""
        copy = self.empty(values.size, values.dtype).reshape(values.shape)
        copy[:] = values
        return copy

    def tensor(self, shape, dtype):
        kinds = {torch.float32: np.float32, torch.float64: np.float64, torch.bfloat16: np.uint16}
        made = torch.from_numpy(self.empty(int(np.prod(shape)), kinds[dtype])).reshape(shape)
        return made.view(torch.bfloat16) if dtype == torch.bfloat16 else made

    def check(self):
        """Look at all guards, and forget them."""
        for whole in self.buffers:
            for guard in (whole[:GUARD], whole[-GUARD:]):
                stays = (
                    np.isnan(guard)
                    if whole.dtype.kind == "f"
                    else guard == np.iinfo(whole.dtype).max
                )
                assert stays.all()
        self.buffers.clear()
