"""The Flask extensions, made once and bound to an app in `create_app`."""

from flask_babel import Babel
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from qtb.store.types import Base

db = SQLAlchemy(model_class=Base, disable_autonaming=True)
login = LoginManager()
csrf = CSRFProtect()
babel = Babel()
