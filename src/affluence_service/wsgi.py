"""What a web server runs: `gunicorn affluence_service.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "affluence_service.settings")
application = get_wsgi_application()
