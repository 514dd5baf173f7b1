"""What a page process holds from its start on: no library that only some of its acts need."""

from __future__ import annotations

import subprocess
import sys

LATE = {"alembic", "docx", "flask_migrate", "lxml", "networkx", "openpyxl", "pdfplumber", "pygments", "rapidfuzz"}


def test_a_page_process_loads_late_what_few_pages_need() -> None:
    code = "import sys, qtb.web; from qtb.web import create_app; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "sqlalchemy" in said.split()
    assert LATE & set(said.split()) == set()
