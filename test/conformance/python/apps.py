"""The applications of the conformance cases. The first segment of PATH_INFO names one; `validated` is the same under wsgiref's validator."""

from wsgiref.validate import validator

import body_apps
import environ_apps
import file_apps
import host_apps
import input_apps
import start_apps
import trouble_apps
from registry import CASES, answer, notes, query

MODULES = (body_apps, environ_apps, file_apps, host_apps, input_apps, start_apps, trouble_apps)


def application(environ, start_response):
    name = environ["PATH_INFO"].split("/")[1] if "/" in environ["PATH_INFO"] else "environ"
    if name == "notes":
        return answer(start_response, notes(query(environ)["of"]))
    return CASES.get(name, environ_apps.environ)(environ, start_response)


validated = validator(application)
