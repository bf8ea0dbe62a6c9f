"""A framework of known cost: each call of a layer sleeps for SLEEPING_SECONDS, and takes next to no processor time."""

import os
import time

import numpy as np

__version__ = "1.0"

SECONDS = float(os.environ.get("SLEEPING_SECONDS", "0"))


class Conv2d:
    """A convolution with a square kernel."""

    def __init__(self, in_channels, out_channels, kernel_size):
        self.weight = np.zeros((out_channels, in_channels, kernel_size, kernel_size), "float32")
        self.bias = np.zeros(out_channels, "float32")

    def __call__(self, x):
        time.sleep(SECONDS)
        windows = np.lib.stride_tricks.sliding_window_view(x, self.weight.shape[2:], (2, 3))
        return np.einsum("nchwij,ocij->nohw", windows, self.weight) + self.bias[:, None, None]
