"""The worker: answers calls in a target's interpreter. `boot` writes these modules there as a package and runs `main`.

- `main`: the conversation, from the settings to the end of the process;
- `loop`: answers call after call, each in a process as it was before the first;
- `execution`: one call, phase by phase, and what was observed of it;
- `sequel`: what happens to a layer between two calls;
- `threads`: calls in other threads;
- `apis`: an API by its dotted name, its defaults, a function as a layer;
- `values`: arguments and arrays, in and out;
- `texts`: messages of exceptions, made repeatable;
- `state`: what a call may leave changed;
- `last_words`: what survives this process, for the next one to read;
- `moded`: an adapter in a mode;
- `machine`: which processor, interpreter and NumPy this is.

The first message is the settings; the answer is a greeting (versions, or why the framework cannot be used). Then every
message is a list of calls, and each call is answered by one result, in order. All of it is builtin types, in the
notation of `conformance/targets/codec.py`. Calls travel in the format of `marshal`, which takes a tenth of the time
that execnet's own takes; results do not, as what a framework may have spoiled is not safe to read that way.

Nothing that a framework does is trusted here: it may end this process, print, change its state or raise what cannot
be shown. The modules import each other relatively, so that they are the same package there and here.
"""
