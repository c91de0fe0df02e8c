def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("SCRIPT_NAME=%(SCRIPT_NAME)s PATH_INFO=%(PATH_INFO)s\n" % environ).encode("latin-1")]
