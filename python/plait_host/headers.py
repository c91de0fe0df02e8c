"""Checks of what an application gives to `start_response` (PEP 3333; RFC 9110 section 5; RFC 9112 section 4)."""

import re

# RFC 9110 section 5.6.2, "token".
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z").match
# Anything but HTAB, visible characters and obs-text (RFC 9110 section 5.5). LF separates the fields of a head, see below.
_FORBIDDEN = re.compile(r"[^\t\n\x20-\x7e\x80-\xff]").search
_STATUS = re.compile(r"[1-9][0-9][0-9](?: [^\n]*)?\Z").match

# PEP 3333, "Other HTTP Features": hop-by-hop headers belong to the server.
HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "trailers", "transfer-encoding", "upgrade")
)

_MAX_HEAD = 0xFFFF
_MAX_KNOWN = 1024
_known_names = {}  # name → is it Content-Length?


_MAX_HEADS = 512
_LONGEST_KNOWN_HEAD = 512
_known_heads = {}  # (status, *headers) → what encode_head gave: most responses of an application have one of a few heads


def encode_head(status, headers):
    """Gives the head as it travels (status and fields in latin-1, joined by LF), and the value of Content-Length or None.

    Raises TypeError or ValueError with a message for the author of the application.
    """
    try:
        key = (status, *headers)
        known = _known_heads.get(key)
        # Equal text in something that is no list must not pass because a list had it before.
        if known is not None and type(headers) is list:
            return known
    except TypeError:
        key = None  # not hashable or not iterable: what that means is found out below
    fields = [status]
    length = None
    try:
        for name, value in headers:
            is_length = _known_names.get(name)
            if is_length is None:
                is_length = _check_name(name)
            if is_length:
                length = value
            fields.append(name)
            fields.append(value)
        head = "\n".join(fields)
    except (TypeError, ValueError):
        _explain(status, headers)
        raise
    if _FORBIDDEN(head) or head.count("\n") != len(fields) - 1 or not _STATUS(status) or type(headers) is not list:
        _explain(status, headers)
    encoded = head.encode("latin-1")
    if len(encoded) > _MAX_HEAD:
        raise ValueError("the response headers have %d bytes, more than %d" % (len(encoded), _MAX_HEAD))
    known = encoded, length
    if key is not None and len(encoded) <= _LONGEST_KNOWN_HEAD:
        if len(_known_heads) >= _MAX_HEADS:
            _known_heads.clear()
        _known_heads[key] = known
    return known


def _check_name(name):
    if not isinstance(name, str) or not _TOKEN(name):
        raise ValueError("header name %r is not a token (RFC 9110 section 5.1)" % (name,))
    if name.lower() in HOP_BY_HOP:
        raise ValueError("header %r is hop-by-hop: only the server may send it (PEP 3333)" % (name,))
    is_length = name.lower() == "content-length"
    if len(_known_names) < _MAX_KNOWN:
        _known_names[name] = is_length
    return is_length


def _explain(status, headers):
    """Finds what is wrong and raises it in words; returns if nothing is (a list subclass, say)."""
    if not isinstance(status, str):
        raise TypeError("status must be str, not %s: %r" % (type(status).__name__, status))
    if not _STATUS(status) or _FORBIDDEN(status):
        raise ValueError("status must be three digits, a space and a reason, like '200 OK', not %r" % (status,))
    if not isinstance(headers, list):
        raise TypeError("response headers must be a list of (name, value) tuples, not %s" % type(headers).__name__)
    for item in headers:
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise TypeError("each response header must be a (name, value) tuple, not %r" % (item,))
        name, value = item
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError("header name and value must be str, not %r: %r" % (name, value))
        _check_name(name)
        if "\n" in value or _FORBIDDEN(value):
            raise ValueError("the value of header %r has a character that is not allowed: %r" % (name, value))
