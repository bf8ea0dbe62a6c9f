"""The frameworks' environments for tox, one by the name of each, out of what their modules in conformance/apis say."""

from __future__ import annotations

from tox.config.loader.memory import MemoryLoader
from tox.config.sets import ConfigSet
from tox.plugin import impl
from tox.session.state import State

from conformance.environments import Environment, read_environments

ENVIRONMENTS = read_environments()


@impl
def tox_extend_envs() -> tuple[str, ...]:
    return tuple(ENVIRONMENTS)


@impl
def tox_add_core_config(core_conf: ConfigSet, state: State) -> None:
    for name, environment in ENVIRONMENTS.items():
        state.conf.memory_seed_loaders[name].append(describe(name, environment))


def describe(name: str, environment: Environment) -> MemoryLoader:
    """What tox.ini would say of it. Nothing of this project is installed there."""
    return MemoryLoader(
        description=f"{environment.title}, the audited version",
        skip_install=True,
        extras=[],
        base_python=list(environment.python),
        deps="\n".join(environment.requires),
        commands_pre=[f"python -m pip install --quiet --no-deps {package}" for package in environment.alone],
        commands=[f"""python -c "import {name}; print('{name}', {name}.__version__)" """.strip()],
    )
