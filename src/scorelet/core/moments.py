"""Mean and deviation of arrays that come one by one, in the memory of two of them."""

import numpy as np


class Moments:
    """Running mean and standard deviation, place by place.

    With the n-th array m_n = m_{n-1} + (x_n - m_{n-1})/n, and of the squares
    S_n = S_{n-1} + (x_n - m_{n-1}) (x_n - m_n); the deviation is √(S_n/(n - 1)).

    References: Welford 1962, Technometrics 4(3).
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean = self._squares = np.zeros(())

    def add(self, x: np.ndarray) -> None:
        """Take one more array, of the shape of the others."""
        self.count += 1
        if self.count == 1:
            self._mean, self._squares = x.copy(), np.zeros_like(x)
            return
        before = x - self._mean
        self._mean += before / self.count
        self._squares += before * (x - self._mean)

    @property
    def mean(self) -> np.ndarray:
        """The mean, in the dtype of the arrays."""
        return self._mean

    @property
    def deviation(self) -> np.ndarray:
        """The standard deviation, unbiased in its square; 0 for a single array."""
        return np.sqrt(self._squares / max(self.count - 1, 1))
