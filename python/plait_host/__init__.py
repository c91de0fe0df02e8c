"""The Python side of Plait: runs a WSGI application in threads, and talks to the server through one socket."""
