"""Which requests have begun, for the server to read after this process has crashed (`src/hosts/python/begun-marks.ts`)."""

import os

SLOT_MASK = 0xFFFF


def make_marks():
    """Gives (marks, descriptor): `marks[id & SLOT_MASK] = id` says that the request has begun. Descriptor None: nobody can read it."""
    try:
        import mmap

        size = 4 * (SLOT_MASK + 1)
        descriptor = os.memfd_create("plait-begun")
        os.ftruncate(descriptor, size)
        return memoryview(mmap.mmap(descriptor, size)).cast("I"), descriptor
    except (AttributeError, ImportError, OSError):
        return {}, None
