"""sleeping, inside its own interpreter. `conformance/targets/remote/adapters/__init__.py` says what it defines."""

import sleeping

FRAMEWORK = "sleeping"
DTYPES = {"float32": "float32"}


def setup(device):
    pass


def version():
    return sleeping.__version__


def environment():
    return {"device": "none"}


def reset():
    pass


def lacks(error):
    return False


def tensor(array, dtype, layout):
    return array


def array(held):
    return held, held.dtype.name


def construct(api, arguments):
    return api(**arguments)


def parameters(layer):
    return {"weight": layer.weight, "bias": layer.bias}


def set_parameter(layer, name, array, dtype):
    setattr(layer, name, array)


def forward(layer, x):
    return layer(x)
