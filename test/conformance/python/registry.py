"""What the applications share: their list, their notes for the test, and small answers."""

import json
import os
from urllib.parse import parse_qsl

CASES = {}
TEXT = [("Content-Type", "text/plain")]


def case(function):
    """Makes a function an application under its own name, with dashes."""
    CASES[function.__name__.replace("_", "-")] = function
    return function


def query(environ):
    return dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))


def shared_file(of, ending):
    """A file for `of`, the same in all threads, also where each has an interpreter of its own."""
    return os.path.join(os.environ["PLAIT_CONFORMANCE_FOLDER"], "%s.%s" % (of, ending))


def note(environ, text):
    """Keeps `text`, a line, for the test, under the `of` of the query string."""
    with open(shared_file(query(environ).get("of", ""), "notes"), "ab", buffering=0) as file:
        file.write(("%s\n" % text).encode())


def notes(of):
    try:
        with open(shared_file(of, "notes"), encoding="utf-8") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


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
