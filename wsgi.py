"""The web application for a server of your own: `gunicorn wsgi:app`. The scheduler is then its own process."""

from waitress.proxy_headers import proxy_headers_middleware

from qtb.domain.errors import Refusal
from qtb.i18n import in_words
from qtb.serve import proxy_options, settled
from qtb.web import create_app

try:
    app = create_app()
except Refusal as refusal:
    raise SystemExit("\n".join(in_words(reason, lang) for reason in refusal.reasons for lang in ("zh", "en"))) from None

# Such servers hand on what anybody claims about the address he comes from; here only the proxy is believed.
app.wsgi_app = proxy_headers_middleware(app.wsgi_app, **proxy_options(app))
settled()
