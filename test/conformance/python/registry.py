"""What the applications share: their list, their notes for the test, and small answers."""

import json
import threading
from urllib.parse import parse_qsl

CASES = {}
TEXT = [("Content-Type", "text/plain")]

_notes = {}
_lock = threading.Lock()


def case(function):
    """Makes a function an application under its own name, with dashes."""
    CASES[function.__name__.replace("_", "-")] = function
    return function


def query(environ):
    return dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))


def note(environ, text):
    """Keeps `text` for the test, under the `of` of the query string."""
    with _lock:
        _notes.setdefault(query(environ).get("of", ""), []).append(text)


def notes(of):
    with _lock:
        return list(_notes.get(of, ()))


def answer(start_response, value):
    body = json.dumps(value).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def open_gate(environ):
    """Waits until the test opens the gate: somebody opens the FIFO for writing and closes it again."""
    with open(query(environ)["gate"], "rb") as gate:
        gate.read()


def pattern(size):
    """Bytes that show a shift, a loss or a repetition."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]
