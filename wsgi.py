"""The web application for a server of your own: `gunicorn wsgi:app`. The scheduler is then its own process."""

from qtb.web import create_app

app = create_app()
