"""What a page process holds from its start on: no library that only some of its acts need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LATE = {"alembic", "docx", "flask_migrate", "lxml", "networkx", "openpyxl", "pdfplumber", "pygments", "rapidfuzz"}


def test_a_page_process_loads_late_what_few_pages_need(tmp_path: Path) -> None:
    code = "import sys; from qtb.web import create_app; create_app(); print(*sys.modules)"
    environment = {**os.environ, "QTB_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "sqlalchemy" in said.split()
    assert LATE & set(said.split()) == set()
