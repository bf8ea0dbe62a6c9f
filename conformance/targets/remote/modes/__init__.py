"""The modes: how else than by itself a framework runs a layer. One module per framework, beside its adapter's.

A module imports what its adapter may, and defines

    MODES       by the mode's name, the functions that it puts in the place of the adapter's. Each is given the adapter
                first, and wraps what that does: construct, forward, backward, and of the settings no more than the
                mode is about.

A mode is named in `conformance/apis/NAME.py` too, with what a person would type. The certificate holds one against the
other.
"""
