"""Says what is the matter where a package has a module in C that is built for another system: WebAssembly cannot load it."""

import importlib.machinery
import os
import sys

_WASM = b"\0asm"


def explain_native_modules():
    """Adds a last look for modules that nobody else finds, and one at libraries before they are loaded."""
    sys.meta_path.append(_Explainer)
    loader = importlib.machinery.ExtensionFileLoader
    create = loader.create_module

    def create_module(self, spec):
        if _is_foreign(self.path):
            raise _foreign(spec.name, self.path)
        return create(self, spec)

    loader.create_module = create_module


class _Explainer:
    @staticmethod
    def find_spec(name, path=None, target=None):
        stem = name.rpartition(".")[2] + "."
        for folder in sys.path if path is None else path:
            try:
                entries = os.listdir(folder or ".")
            except OSError:
                continue
            for entry in entries:
                if entry.startswith(stem) and entry.endswith((".so", ".pyd", ".dylib")):
                    raise _foreign(name, os.path.join(folder, entry))
        return None


def _is_foreign(path):
    with open(path, "rb") as file:
        return file.read(4) != _WASM


def _foreign(name, path):
    """An ImportError like any other: packages that can do without their C part go on."""
    text = "No module named %r: %s is built for another system and does not run in WebAssembly" % (name, path)
    return ModuleNotFoundError(text, name=name, path=path)
