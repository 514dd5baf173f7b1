"""The command line's mouth: the same services as the pages, one file a noun."""

from __future__ import annotations

import sys

import click

from qtb import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qtb")
@click.option("--demo", is_flag=True, help="Work on the demo's database and clock.")
@click.pass_context
def qtb(context: click.Context, demo: bool) -> None:
    """QTB: an award programme's year, driven by its notice."""
    context.obj = {"demo": demo}


def main() -> int:
    """Run the command line; every refusal is one sentence and a non-zero exit."""
    qtb.main(standalone_mode=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
