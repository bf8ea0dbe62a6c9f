"""A framework that does what the file named by IMITATION says, which is read at every construction.

It maps a kernel size to `wrong`, `fickle`, `dies`, an exception's message (ADDRESS in it is another one in every
process), or to nothing for a plain convolution.
"""

import json
import os

import numpy as np

calls = 0


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1):
        global calls
        calls += 1
        with open(os.environ["IMITATION"], encoding="utf-8") as file:
            self.act = json.load(file).get(str(kernel_size), "")
        if not isinstance(stride, int):
            raise TypeError("stride must be an int")
        if self.act not in ("", "wrong", "fickle", "dies"):
            raise RuntimeError(self.act.replace("ADDRESS", hex(os.getpid() << 20)))
        if self.act == "dies":
            os.abort()
        self.weight = np.ones((out_channels, in_channels, kernel_size, kernel_size), "float32")
        self.bias = np.zeros(out_channels, "float32")

    def __call__(self, x):
        rows, columns = x.shape[2] - self.weight.shape[2] + 1, x.shape[3] - self.weight.shape[3] + 1
        output = np.zeros((x.shape[0], self.weight.shape[0], rows, columns), x.dtype)
        for i in range(self.weight.shape[2]):
            for j in range(self.weight.shape[3]):
                window = x[:, :, i : i + rows, j : j + columns]
                output += np.einsum("nchw,oc->nohw", window, self.weight[:, :, i, j])
        output += self.bias[:, None, None]
        return output + (self.act == "wrong" or (self.act == "fickle" and calls % 2))
