"""Results: PEP 3333, "Specification Details", "Handling the Content-Length Header", "Buffering and Streaming"."""

import threading

from registry import TEXT, case, note, open_gate, query


class Closing:
    """Blocks with a close() that is counted."""

    def __init__(self, environ, blocks):
        self._environ = environ
        self._blocks = blocks

    def __iter__(self):
        return iter(self._blocks)

    def close(self):
        note(self._environ, "close")


class OnlyGetItem:
    """The sequence protocol of old: iter() is content with it."""

    def __getitem__(self, index):
        return [b"a", b"b", b"c"][index]


class Iterator:
    """An iterator that is no generator and knows no length."""

    def __init__(self):
        self._left = [b"c", b"b", b"a"]

    def __iter__(self):
        return self

    def __next__(self):
        if not self._left:
            raise StopIteration
        return self._left.pop()


class List(list):
    """A subclass: with a close() of its own it is not a plain list."""


RESULTS = {
    "list": lambda: [b"a", b"b", b"c"],
    "tuple": lambda: (b"a", b"b", b"c"),
    "generator": lambda: (block for block in (b"a", b"b", b"c")),
    "iterator": Iterator,
    "getitem": OnlyGetItem,
    "map": lambda: map(bytes.lower, [b"A", b"B", b"C"]),
    "set": lambda: {b"abc"},
    "subclass": lambda: List([b"a", b"b", b"c"]),
    "holes": lambda: [b"", b"a", b"", b"bc", b""],
    "generator-holes": lambda: iter([b"", b"a", b"", b"bc", b""]),
    "empty-list": lambda: [],
    "empty-tuple": lambda: (),
    "empty-generator": lambda: iter(()),
    "empty-block": lambda: [b""],
    "empty-blocks": lambda: iter([b"", b""]),
    "one": lambda: [b"abc"],
    "one-tuple": lambda: (b"abc",),
    "large-one": lambda: [b"x" * 300000],
    "large-many": lambda: [b"x" * 100000, b"y" * 100000, b"z" * 100000],
    "text": lambda: ["abc"],
    "text-generator": lambda: iter(["abc"]),
    "text-second": lambda: [b"a", "bc"],
    "bytearray": lambda: [bytearray(b"abc")],
    "memoryview": lambda: iter([memoryview(b"abc")]),
    "bytes": lambda: b"abc",
    "string": lambda: "abc",
    "none": lambda: None,
    "number": lambda: 5,
    "none-block": lambda: [None],
}


@case
def result(environ, start_response):
    start_response("200 OK", TEXT)
    return RESULTS[query(environ)["kind"]]()


def _raising(blocks):
    for block in blocks:
        yield block
    raise LookupError("raised while iterated")


def _endless():
    while True:
        yield b"x" * 65536


@case
def closing(environ, start_response):
    kind = query(environ)["kind"]
    start_response("200 OK", TEXT)
    blocks = {
        "normal": lambda: [b"a", b"b"],
        "empty": lambda: [],
        "raise-first": lambda: _raising([]),
        "raise-later": lambda: _raising([b"begun"]),
        "text": lambda: ["text"],
        "endless": _endless,
    }[kind]()
    return Closing(environ, blocks)


@case
def closing_generator(environ, start_response):
    """Its finally clause runs when it is closed."""
    start_response("200 OK", TEXT)
    try:
        yield b"begun"
        while True:
            yield b"x" * 65536
    finally:
        note(environ, "finally")


class _CloseRaises(Closing):
    def close(self):
        note(self._environ, "close")
        raise LookupError("raised by close")


@case
def close_raises(environ, start_response):
    start_response("200 OK", TEXT)
    return _CloseRaises(environ, [b"a"] if "begun" in query(environ) else [])


@case
def close_without_start(environ, start_response):
    return Closing(environ, [b"body"])


@case
def gated(environ, start_response):
    """The head comes with the first block that is not empty, and each block at once."""
    start_response("200 OK", TEXT)
    yield b""
    note(environ, "waits")
    open_gate(environ)
    yield b"first"
    open_gate(environ)
    yield b"second"


@case
def gated_burst(environ, start_response):
    """Several blocks one right behind the other, then nothing until the gate opens."""
    start_response("200 OK", TEXT)
    for block in (b"first ", b"second ", b"third ", b"fourth "):
        yield block
    open_gate(environ)
    yield b"last"


@case
def gated_write(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"first")
    open_gate(environ)
    return [b"second"]


@case
def length(environ, start_response):
    """`declared` bytes by Content-Length, `gives` by the body, as `kind`."""
    asked = query(environ)
    start_response(asked.get("status", "200 OK"), TEXT + [("Content-Length", asked["declared"])])
    body = b"x" * int(asked["gives"])
    if asked["kind"] == "list":
        return [body]
    return Closing(environ, [body[at : at + 3] for at in range(0, len(body), 3)])


@case
def write_length(environ, start_response):
    asked = query(environ)
    write = start_response("200 OK", TEXT + [("Content-Length", asked["declared"])])
    write(b"x" * int(asked["gives"]))
    return []


@case
def bodyless(environ, start_response):
    """A body where none may be."""
    asked = query(environ)
    start_response(asked["line"], TEXT + ([("Content-Length", asked["length"])] if "length" in asked else []))
    blocks = [b"must not be seen", b"nor this"]
    return blocks[:1] if asked["kind"] == "list" else Closing(environ, blocks)


@case
def gated_closing(environ, start_response):
    start_response("200 OK", TEXT)

    def blocks():
        note(environ, "waits")
        open_gate(environ)
        yield b"for nobody"
        yield b"for nobody either"

    return Closing(environ, blocks())


@case
def writes_later(environ, start_response):
    """A thread of the application's writes when the response is over."""
    write = start_response("200 OK", TEXT)

    def later():
        open_gate(environ)
        for _ in range(10):
            try:
                write(b"too late ")
            except Exception:  # refused is as well as ignored
                pass
        note(environ, "written")

    threading.Thread(target=later, daemon=True).start()
    return RESULTS[query(environ)["kind"]]()
