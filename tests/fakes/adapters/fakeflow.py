"""fakeflow, inside its own interpreter. The protocol is described in `conformance/targets/remote/adapters/__init__.py`."""

import os

import fakeflow
import numpy as np

FRAMEWORK = "fakeflow"
DTYPES = {"float32": "float32"}


def setup(device):
    fakeflow.start()


def version():
    return os.environ.get("FAKEFLOW_VERSION", "1.5")


def environment():
    return {"device": "none"}


def reset():
    fakeflow.import_late()
    if not fakeflow.can_be_reset():
        raise RuntimeError("cannot be reset")


def lacks(error):
    return "unregistered" in str(error)


def tensor(array, dtype, layout):
    return array


def array(made):
    return (made, made.dtype.name)


def construct(api, arguments):
    return api(**arguments)


def parameters(layer):
    return {"weight": layer.weight, "bias": layer.bias}


def set_parameter(layer, name, array, dtype):
    setattr(layer, name, array)


def forward(layer, x):
    return layer(x)


def backward(layer, x, output, grad_output):
    rows, columns = layer.weight.shape[2:]
    wide = np.pad(grad_output, ((0, 0), (0, 0), (rows - 1, rows - 1), (columns - 1, columns - 1)))
    flipped = layer.weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    of_weight = fakeflow.correlate(x.swapaxes(0, 1), grad_output.swapaxes(0, 1)).swapaxes(0, 1)
    return {"input": fakeflow.correlate(wide, flipped), "weight": of_weight, "bias": grad_output.sum((0, 2, 3))}
