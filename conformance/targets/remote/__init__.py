"""What runs in a target's interpreter. Its source travels over execnet; nothing is installed there.

Programs, of one file each, which execnet starts:

- `limits` bounds the process, before all else;
- `probe` says which frameworks there are;
- `boot` starts the worker, which is several files;
- `run_script` and `run_scripts` execute reproducers.

And what `boot` writes into a folder there:

- `worker`: the loop that answers calls, a package of small modules;
- `adapters`: the glue of one framework, one module each.

All of it is CPython 3.8 and later, the standard library and NumPy, and in `adapters` the one framework. It imports
nothing of the host's. The host imports two things of it: `worker.machine`, to describe its own machine in the same
words, and in tests whatever needs no framework.
"""
