"""The frames of the wire, as `src/wire/frame.ts` has them: a header of 14 bytes, then the payload.

    u32 payload length | u32 request id | u8 type | u8 flags | u16 head length | u16 thread      (little endian)
"""

import struct

HEADER = struct.Struct("<IIBBHH")
pack_header = HEADER.pack
unpack_header = HEADER.unpack_from
HEADER_SIZE = HEADER.size

U32 = struct.Struct("<I")
REQUESTS_HEAD = struct.Struct("<II")
BODY_ENTRY = struct.Struct("<III")

# Server to host.
INIT = 1
REQUESTS = 2
CREDIT = 3
INPUT = 4
ABANDON = 5
FILE_TAKEN = 6
STOP = 7
THREADS = 8
INTERRUPT = 9

# Host to server.
HELLO = 65
LOADED = 66
RESPONSE = 67
DATA = 68
END = 69
FAILED = 70
FILE = 71
INPUT_WANTED = 72
EARLY_HINTS = 73
IMPORTED = 74
STACK = 75

# Flags.
LAST = 1  # RESPONSE: the application has finished, its thread is free
ONE_PIECE = 2  # RESPONSE: the result had one block (or none): its length is known
INPUT_END = 1
INPUT_FAILED = 2
TAKEN = 1
REQUESTS_JSON = 1  # REQUESTS: environ as JSON, because marshal did not agree

# Kinds of body in REQUESTS.
BODY_BYTES = 1
BODY_FILE = 2
BODY_STREAM = 3
