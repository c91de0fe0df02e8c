"""Who answers, and threads that are the application's own."""

import os
import queue
import threading

from registry import TEXT, answer, case, open_gate, query


@case
def host(environ, start_response):
    """Something that tells the hosts of one application apart, once the gate is open."""
    if "gate" in query(environ):
        open_gate(environ)
    return answer(start_response, os.getpid())


@case
def own_threads(environ, start_response):
    """The blocks come from eight threads of the application, through a queue; one more outlives the request."""
    blocks = queue.Queue()
    errors = environ["wsgi.errors"]

    def produce(number):
        for _ in range(50):
            blocks.put(b"%d" % number)
        errors.write("from thread %d\n" % number)
        blocks.put(None)

    threading.Thread(target=threading.Event().wait, daemon=True).start()
    producers = [threading.Thread(target=produce, args=(number,)) for number in range(8)]
    for producer in producers:
        producer.start()
    start_response("200 OK", TEXT)
    ended = 0
    while ended < len(producers):
        block = blocks.get()
        if block is None:
            ended += 1
        else:
            yield block
    for producer in producers:
        producer.join()
