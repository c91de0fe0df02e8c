"""A Flask application with a page for each kind of traffic of `npm run soak`."""
import os
import time

from flask import Flask, Response, jsonify, render_template_string, request, send_file

application = Flask(__name__)
BLOCK = b"x" * 65536
TEMPLATE = "<ul>{% for word in words %}<li>{{ word }}</li>{% endfor %}</ul>"


@application.get("/")
def small():
    return "hello"


@application.post("/")
def read():
    return str(len(request.get_data()))


@application.get("/template")
def template():
    return render_template_string(TEMPLATE, words=["one", "two", "<three>"] * 20)


@application.get("/large")
def large():
    """2 MiB in one piece."""
    return Response(BLOCK * 32, mimetype="application/octet-stream")


@application.post("/form")
def form():
    return jsonify({name: request.form[name] for name in sorted(request.form)})


@application.post("/upload")
def upload():
    return str(len(request.files["file"].read()))


@application.get("/stream")
def stream():
    def pieces():
        for number in range(20):
            yield f"data: {number}\n\n"
            time.sleep(0.02)

    return Response(pieces(), mimetype="text/event-stream")


@application.get("/page")
def page():
    return Response(iter([BLOCK] * 16), mimetype="application/octet-stream")


@application.get("/file")
def file():
    """64 MiB, by wsgi.file_wrapper."""
    return send_file(os.environ["SOAK_FILE"], mimetype="application/octet-stream")


@application.get("/hang")
def hang():
    while True:
        time.sleep(0.001)
