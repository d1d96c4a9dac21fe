"""What a server of pages loads. The database is expected to be ready: `wholechild serve` makes it so."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wholechild.config.settings")
application = get_wsgi_application()
