"""What a web server runs: `gunicorn affluence_service.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from affluence_service.whole_bodies import whole_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "affluence_service.settings")
application = whole_bodies(get_wsgi_application())
