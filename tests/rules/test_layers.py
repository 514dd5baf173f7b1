"""The arrows between the rooms point down: import-linter's contracts of pyproject.toml are kept."""

from __future__ import annotations

import pytest
from importlinter.application import use_cases
from importlinter.application.user_options import UserOptions
from importlinter.configuration import configure

from tests.rules.sources import ROOT, modules


@pytest.fixture(scope="module")
def report() -> use_cases.Report:
    """What import-linter found."""
    configure()
    options: UserOptions = use_cases.read_user_options(config_filename=str(ROOT / "pyproject.toml"))
    use_cases._register_contract_types(options)
    return use_cases.create_report(options, cache_dir=None)


def test_every_module_was_looked_at(report: use_cases.Report) -> None:
    assert report.module_count >= len(modules()) > 40
    assert report.import_count > 100


def test_every_contract_could_be_checked(report: use_cases.Report) -> None:
    wrong = {name: str(error.errors) for name, error in report.invalid_contract_options.items()}
    assert wrong == {}
    assert not report.could_not_run


def test_the_contracts_are_kept(report: use_cases.Report) -> None:
    checks = list(report.get_contracts_and_checks())
    assert len(checks) >= 3
    broken = {contract.name: str(check.metadata) for contract, check in checks if not check.kept}
    assert broken == {}
