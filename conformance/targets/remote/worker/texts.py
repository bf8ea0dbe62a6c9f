"""Messages of exceptions, as text that can be sent and is the same in every run."""

import re
from typing import Any, Dict

MAX_MESSAGE = 4000  # characters of an exception's message that are kept

# Of a path, what leads to a worker's folder. From the beginning of a path alone, or the time would grow with the
# square of a long word's length.
FOLDER = re.compile(r"(?<![^\s\"'])[^\s\"']*/conformance-[a-z0-9_]{8}/")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
# In decimals too: MegEngine prints what its stack happens to hold.
DECIMAL_ADDRESS = re.compile(r"\b\d{14,15}\b")
# A compiled graph's names for its nodes and operators, `@graph_1:node_23` and `Conv2D-op4`.
NODE = re.compile(r"@\w+:\w+|-op\d+")

TRACE_AT_THE_END = re.compile(r"(?<=\S)\s*^(?:back|stack ?)trace:\s*$", re.MULTILINE | re.IGNORECASE)
RULED_TITLE = re.compile(r"^-{20,}\n(.*)\n-{20,}$", re.MULTILINE)
TRACE = re.compile("traceback|backtrace|call stack", re.IGNORECASE)


def clean(text: Any, length: int = MAX_MESSAGE) -> str:
    """Text that can be sent: no lone surrogates, not endless, and a plain str whatever class it comes from."""
    plain = str.__getitem__(str(text), slice(length))
    return str.encode(plain, "utf-8", "backslashreplace").decode("utf-8")


def make_repeatable(text: str) -> str:
    """Text without what differs from process to process: addresses, our folder, numbers in a compiled graph's names."""
    text = ADDRESS.sub("0x...", text)
    text = FOLDER.sub("", text)
    text = DECIMAL_ADDRESS.sub(hide_stack_address, text)
    return NODE.sub(lambda node: re.sub(r"\d+", "#", node.group()), text)


def hide_stack_address(number: "re.Match[str]") -> str:
    """Dots for a number of 47 bits, as the addresses of Linux' stack are."""
    has_47_bits = int(number.group()) >> 46 == 1
    return "..." if has_47_bits else number.group()


def strip_traces(message: str) -> str:
    """A message without those of its sections, titled between ruled lines or on a line alone, that are traces.

    They tell how the process got there, and not what is wrong; and they may be of an earlier call: MindSpore adds that
    of the last graph that did not compile to whatever error follows.
    """
    message = TRACE_AT_THE_END.split(message, maxsplit=1)[0]
    first, *sections = RULED_TITLE.split(message)
    titles = sections[::2]
    texts = sections[1::2]
    parts = [first]
    for title, text in zip(titles, texts):
        if not TRACE.search(title):
            parts += [title, text]
    if len(parts) == 1 + len(sections):
        return message
    # A message that is nothing but traces stays.
    return "\n".join(part.strip() for part in parts).strip() or message


def name_class(cls: type) -> str:
    """The qualified name of a class, without `builtins`."""
    if cls.__module__ == "builtins":
        return clean(cls.__qualname__)
    return clean(f"{cls.__module__}.{cls.__qualname__}")


def describe_exception(error: BaseException, phase: str) -> Dict[str, Any]:
    """An exception as it travels: its phase, class, bases (most derived first) and message."""
    try:
        # More than is kept, so that the end of a long trace does not hide the message before it.
        message = make_repeatable(strip_traces(clean(error, 4 * MAX_MESSAGE)))[:MAX_MESSAGE]
    except BaseException as broken:  # an exception whose own __str__ fails is still an exception of the framework
        message = f"<its message cannot be shown: {name_class(type(broken))}>"
    bases = [name_class(cls) for cls in type(error).__mro__[1:] if cls is not object]
    return {"phase": phase, "class": name_class(type(error)), "bases": bases, "message": message}
