"""Django and its admin in one file. A real project has its manage.py; here the database is made at the first start."""

import os
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

HERE = Path(__file__).resolve().parent

settings.configure(
    SECRET_KEY="for this example only",
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "back.sqlite3"}},
    STATIC_URL="/back/static/",
    USE_TZ=True,
)
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.staticfiles.views import serve  # noqa: E402
from django.urls import path  # noqa: E402

urlpatterns = [
    path("admin/", admin.site.urls),
    path("static/<path:path>", serve, {"insecure": True}),
]

call_command("migrate", verbosity=0)
if not get_user_model().objects.exists():
    get_user_model().objects.create_superuser("admin", password=os.environ.get("ADMIN_PASSWORD", "admin"))

application = get_wsgi_application()
