"""Sign-in, sign-up and passwords."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from qtb.services.accounts import MAX_PASSWORD


class SignInForm(FlaskForm):  # type: ignore[misc]
    """E-mail and password."""

    email = StringField(validators=[DataRequired(), Length(max=254)])
    password = PasswordField(validators=[DataRequired(), Length(max=MAX_PASSWORD)])


class SignUpForm(FlaskForm):  # type: ignore[misc]
    """A unit and its first person."""

    unit_name = StringField(validators=[DataRequired(), Length(max=100)])
    name = StringField(validators=[DataRequired(), Length(max=60)])
    email = StringField(validators=[DataRequired(), Length(max=254)])
    password = PasswordField(validators=[DataRequired(), Length(max=MAX_PASSWORD)])


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password."""

    password = PasswordField(validators=[DataRequired(), Length(max=MAX_PASSWORD)])
