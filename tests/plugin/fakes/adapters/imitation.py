"""imitation, inside its own interpreter. The protocol is described in `conformance/adapters/__init__.py`."""

import os

import imitation  # noqa: F401

FRAMEWORK = "imitation"
DTYPES = {"float32": "float32"}


def setup(device):
    pass


def version():
    return os.environ.get("IMITATION_VERSION", "1.5")


def environment():
    return {"device": "none"}


def reset():
    pass


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
