"""The web server's way in."""

import os

from django.core.wsgi import get_wsgi_application

from tachiai.config.logs import configure_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tachiai.config.settings")
configure_logging()
application = get_wsgi_application()
