"""1 MiB, made by a generator in sixteen chunks of 64 KiB: measures streaming."""

CHUNK = b"x" * 65536


def chunks():
    for _ in range(16):
        yield CHUNK


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(16 * len(CHUNK)))])
    return chunks()
