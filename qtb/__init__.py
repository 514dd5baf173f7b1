"""QTB turns an award programme's notice into a running year. This module imports nothing, so that it loads anywhere."""

__version__ = "0.1.0"
