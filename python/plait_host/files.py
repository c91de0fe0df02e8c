"""`wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling")."""

import io
import os
import stat
import tempfile

_TEMPORARY = (tempfile._TemporaryFileWrapper, tempfile.SpooledTemporaryFile)


class FileWrapper:
    """Gives a file block by block; the host hands a regular file over to the server instead."""

    def __init__(self, filelike, block_size=64 * 1024):
        self.filelike = filelike
        self.block_size = block_size
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self):
        return self

    def __next__(self):
        block = self.filelike.read(self.block_size)
        if block:
            return block
        raise StopIteration

    def close(self):
        """Closes the file, where it can be closed (the instance attribute wins)."""


class Found:
    """A regular file that the server may send: our own descriptor of it, and where to begin."""

    def __init__(self, descriptor, offset, status, path):
        self.descriptor = descriptor
        self.offset = offset
        self.size = max(0, status.st_size - offset)
        self.device = status.st_dev
        self.inode = status.st_ino
        self.path = path

    def release(self):
        os.close(self.descriptor)


def take_over(wrapper, claim):
    """Gives what `claim(raw, offset)` makes of it when `wrapper` holds exactly a plain file on disk, else None.

    A GzipFile or a zip member has a fileno() too, but its bytes are others: only FileIO and the buffers of `io` over it
    count, with the wrappers of tempfile taken off. `claim` is the transport's: it gives what has `release()`, or None.
    """
    raw = _raw_file(wrapper.filelike)
    if raw is None:
        return None
    try:
        offset = wrapper.filelike.tell()
        return claim(raw, offset) if offset >= 0 else None
    except (OSError, ValueError):
        return None


def claim_descriptor(raw, offset):
    """Gives a Found with a descriptor of our own, for a server that is another process."""
    descriptor = os.dup(raw.fileno())
    try:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            return Found(descriptor, offset, status, _path_of(descriptor, raw))
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _raw_file(filelike):
    if isinstance(filelike, (_TEMPORARY)):
        filelike = getattr(filelike, "file", None) or getattr(filelike, "_file", None)
    if type(filelike) in (io.BufferedReader, io.BufferedRandom):
        filelike = filelike.raw
    if type(filelike) is io.FileIO and filelike.readable():
        return filelike
    return None


def _path_of(descriptor, raw):
    """The very file on Linux, deleted or not; elsewhere its name (the server compares device and inode)."""
    if os.path.isdir("/proc/self/fd"):
        return "/proc/%d/fd/%d" % (os.getpid(), descriptor)
    name = raw.name
    return os.path.abspath(os.fsdecode(name)) if isinstance(name, (str, bytes)) else ""


def read_blocks(found, block_size=256 * 1024):
    """Reads the file block by block, for the server that could not open it. Closes the descriptor at the end."""
    try:
        position = found.offset
        end = found.offset + found.size
        while position < end:
            block = os.pread(found.descriptor, min(block_size, end - position), position)
            if not block:
                return
            position += len(block)
            yield block
    finally:
        found.release()
