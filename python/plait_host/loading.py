"""From the name of an application to the callable: `foo.application`, `pkg.mod:attr`, `pkg:create_app(debug=True)`, `./legacy/wsgi.py:application`."""

import ast
import importlib
import importlib.util
import os
import sys
import types

from .reports import report_exception


class LoadError(Exception):
    """Why there is no application: `kind` for programs, the message for people, `report` when their code raised."""

    def __init__(self, kind, message, detail="", report=None):
        Exception.__init__(self, message)
        self.kind = kind
        self.detail = detail
        self.report = report


def try_loading(name):
    """Gives the application (None when there is none) and how that went, as the server is told."""
    sys.path.insert(0, os.getcwd())
    sys.argv[:] = [name]
    try:
        return load_application(name), {"ok": True}
    except LoadError as error:
        return None, {"ok": False, "kind": error.kind, "message": str(error), "detail": error.detail, "report": error.report}


def load_application(name):
    """Imports and gives the callable. Raises LoadError."""
    return load_callable(name, "a WSGI application takes (environ, start_response)")


def load_callable(name, wanted):
    """The same for whatever can be called; `wanted` says what should be there."""
    module_name, colon, expression = _split(name)
    if colon:
        target = _load_file(module_name) if _is_path(module_name) else _import(module_name)
        found = _evaluate(target, expression or "application", name)
    else:
        found = _walk(name)
    if isinstance(found, types.ModuleType):
        found = _attribute(found, "application", name)
    if not callable(found):
        raise LoadError(
            "not-callable",
            "%r is %s, not callable: %s" % (name, _kind_of(found), wanted),
        )
    return found


def _split(name):
    if _is_path(name.partition(":")[0]) or ":" in name:
        module_name, colon, expression = name.rpartition(":") if name.endswith(")") is False else name.partition(":")
        if not colon:
            return name, ":", ""
        return module_name, colon, expression
    return name, "", ""


def _is_path(name):
    return name.endswith(".py") or "/" in name or os.sep in name


def _load_file(path):
    full = os.path.abspath(path)
    if not os.path.isfile(full):
        raise LoadError("module-not-found", "there is no file %s" % full)
    module_name = os.path.splitext(os.path.basename(full))[0]
    sys.path.insert(0, os.path.dirname(full))
    spec = importlib.util.spec_from_file_location(module_name, full)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    _running_user_code(lambda: spec.loader.exec_module(module))
    return module


def _import(module_name):
    return _running_user_code(lambda: importlib.import_module(module_name), module_name)


def _running_user_code(call, wanted=""):
    """Calls, and turns whatever the user's code raises into a LoadError; that `wanted` itself is missing is said in other words."""
    try:
        return call()
    except BaseException as error:  # SystemExit at import, KeyboardInterrupt ...
        if isinstance(error, ModuleNotFoundError) and _is_prefix(error.name, wanted):
            raise _module_not_found(wanted, error.name) from None
        raise LoadError("import-failed", _first_line(error), report=report_exception(sys.exc_info()))


def _is_prefix(name, module_name):
    return name is not None and (module_name + ".").startswith(name + ".")


def _first_line(error):
    text = str(error).strip().splitlines()
    return "%s: %s" % (type(error).__name__, text[0]) if text else type(error).__name__


def _module_not_found(module_name, missing):
    here = os.getcwd()
    files = sorted(entry[:-3] for entry in os.listdir(here) if entry.endswith(".py"))
    places = "\n".join("  " + place for place in sys.path if place)
    near = "\nmodules in %s: %s" % (here, ", ".join(files[:20])) if files else "\n%s has no .py file; is --chdir right?" % here
    return LoadError("module-not-found", "there is no module %r" % missing, detail="looked in:\n%s%s" % (places, near))


def _walk(name):
    """Twisted's dotted names: the longest prefix that is a module, then attributes."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        raise LoadError("bad-name", "%r is not the name of an application; try 'module.attribute' or 'module:attribute'" % name)
    found = _import(parts[0])
    for depth, part in enumerate(parts[1:], 2):
        if hasattr(found, part):
            found = getattr(found, part)
        elif isinstance(found, types.ModuleType) and hasattr(found, "__path__"):
            try:
                found = _import(".".join(parts[:depth]))
            except LoadError as error:
                if error.kind != "module-not-found":
                    raise
                found = _attribute(found, part, name)
        else:
            found = _attribute(found, part, name)
    return found


def _attribute(found, part, name):
    try:
        return getattr(found, part)
    except AttributeError:
        where = found.__name__ if isinstance(found, types.ModuleType) else _kind_of(found)
        callables = _callables_of(found)
        raise LoadError(
            "attribute-not-found",
            "%r has no attribute %r" % (where, part),
            detail="callables there: %s" % ", ".join(callables) if callables else "there is nothing callable",
        ) from None


def _callables_of(found):
    module_name = getattr(found, "__name__", None)
    names = []
    for attribute, value in sorted(vars(found).items()) if hasattr(found, "__dict__") else ():
        if attribute.startswith("_") or not callable(value):
            continue
        imported = getattr(value, "__module__", module_name) != module_name
        if not (imported and isinstance(value, (type, types.FunctionType))):
            names.append(attribute)
    return names


def _evaluate(target, expression, name):
    """`attr`, `attr.attr` or a call of one of these with literal arguments."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise LoadError("bad-name", "%r is neither an attribute nor a call like create_app()" % expression) from None
    if not isinstance(tree, ast.Call):
        return _path(target, tree, name)
    factory = _path(target, tree.func, name)
    try:
        arguments = [ast.literal_eval(argument) for argument in tree.args]
        keywords = {keyword.arg: ast.literal_eval(keyword.value) for keyword in tree.keywords if keyword.arg}
    except ValueError:
        raise LoadError("bad-name", "the arguments in %r must be literals: strings, numbers, tuples, lists, dicts" % expression) from None
    if not callable(factory):
        raise LoadError("not-callable", "%r in %r is %s, not a factory" % (ast.unparse(tree.func) if hasattr(ast, "unparse") else expression, name, _kind_of(factory)))
    return _running_user_code(lambda: factory(*arguments, **keywords))


def _path(target, tree, name):
    if isinstance(tree, ast.Name):
        return _attribute(target, tree.id, name)
    if isinstance(tree, ast.Attribute):
        return _attribute(_path(target, tree.value, name), tree.attr, name)
    raise LoadError("bad-name", "%r is not the name of an application" % name)


def _kind_of(value):
    article = "an" if type(value).__name__[:1].lower() in "aeiou" else "a"
    return "%s %s" % (article, type(value).__name__)
