"""Certificates as papers: each signed by itself, or many pages in one file for whoever prints them."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime
from typing import IO, Any

from qtb import clock
from qtb.documents import signed_papers, signing, typesetting
from qtb.documents.signing import Keys
from qtb.i18n import word

LANG = "zh"
KIND = "certificate"
DIGITS = "〇一二三四五六七八九"
PORTION = 100  # pages set at once: memory grows with them
RADIUS, DEPTH, POINTS = 47.0, 13.0, 14  # of a rosette that is 120 wide: its ring, its waves, points of each wave
FULL, SMALL = (5, 0.22), (2, 1.1)  # waves laid over each other and their breadth: on the page, in its corners


def written(said: str, *, address: str, by: Keys) -> bytes:
    """Return the signed PDF of a certificate; under `address` and its code stands the page that checks it."""
    made = typesetting.pdf(KIND, _data([said], address))
    return signing.signed(made, by, reason=word(LANG, "certificate.heading"))


def joined(said: Sequence[str], *, address: str) -> IO[bytes]:
    """Return an open file with many certificates in one PDF, a page each, unsigned: for a printer."""
    import pypdfium2

    portions = [said[n : n + PORTION] for n in range(0, len(said), PORTION)]
    made, kept = [typesetting.pdf(KIND, _data(one, address)) for one in portions], io.BytesIO()
    with signed_papers.READER, closing(pypdfium2.PdfDocument.new()) as whole:
        for body in made:
            with closing(pypdfium2.PdfDocument(body)) as part:
                whole.import_pages(part)
        whole.save(kept)
    kept.seek(0)
    return kept


def read(pdf: bytes, certificate: bytes) -> dict[str, Any] | None:
    """Return what a certificate's file says; None where it is none of ours, or any byte was changed."""
    found = signed_papers.read(pdf, certificate)
    return found.told if found and found.kind == KIND else None


def day_in_words(day: date) -> str:
    """Return a day as certificates write it: 二〇二四年八月二十日."""
    year = "".join(DIGITS[int(digit)] for digit in str(day.year))
    return f"{year}年{_counted(day.month)}月{_counted(day.day)}日"


def rosette(colour: str, petals: int, *, turns: int, breadth: float) -> str:
    """Return an SVG of waves laid over each other around a ring, each `petals` long: r = R + d·cos(p·φ + shift)."""
    rings = (_ring(petals, 2 * math.pi * turn / turns) for turn in range(turns))
    paths = "".join(f'<path d="{ring}" fill="none" stroke="{colour}" stroke-width="{breadth}"/>' for ring in rings)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-60 -60 120 120">{paths}</svg>'


def _data(said: Sequence[str], address: str) -> dict[str, Any]:
    pages = [_page(json.loads(one), address) for one in said]
    rosettes = {key: svg for page in pages for key, svg in _rosettes(page).items()}
    return {
        "pages": pages, "rosettes": rosettes, "said": said[0] if len(said) == 1 else "",
        "number": word(LANG, "certificate.number"), "check": word(LANG, "certificate.scan"),
        "title": word(LANG, "certificate.heading"), "author": pages[0]["issuer"],
    }  # fmt: skip


def _page(told: dict[str, Any], address: str) -> dict[str, Any]:
    issued = datetime.fromisoformat(told["at"].replace("Z", "+00:00")).astimezone(clock.ZONE)
    level, look = told["level_label"], told["look"]
    before, _, after = told["statement"][LANG].partition(level[LANG])
    return {
        "heading": told["heading"], "programme": told["programme"], "to": told["to"][LANG], "look": look,
        "statement": [before, level[LANG] if level[LANG] in told["statement"][LANG] else "", after],
        "level": level, "number": told["number"], "issuer": told["issuer"][LANG], "day": day_in_words(issued.date()),
        "address": f"{address}/{told['code']}", "qr": signed_papers.qr(f"{address}/{told['code']}"),
        "rosette": f"full {look['metal']} {look['petals']}", 
        "corner": f"small {look['metal']} {look['petals']}", "seal": word(LANG, "certificate.seal"),
    }  # fmt: skip


def _rosettes(page: dict[str, Any]) -> dict[str, str]:
    """Return the rosettes of a page by the names that the page calls them; pages of a level share theirs."""
    metal, petals = page["look"]["metal"], page["look"]["petals"]
    return {
        page["rosette"]: rosette(metal, petals, turns=FULL[0], breadth=FULL[1]),
        page["corner"]: rosette(metal, max(8, petals // 3), turns=SMALL[0], breadth=SMALL[1]),
    }


def _ring(petals: int, shift: float) -> str:
    n_points = petals * POINTS
    places = (2 * math.pi * n / n_points for n in range(n_points))
    points = ((RADIUS + DEPTH * math.cos(petals * at + shift), at) for at in places)
    return "M" + "L".join(f"{r * math.cos(at):.2f} {r * math.sin(at):.2f}" for r, at in points) + "Z"


def _counted(n: int) -> str:
    """Return a number below a hundred as it is counted: 八, 十, 十二, 二十日's 二十."""
    tens, ones = divmod(n, 10)
    ten = {0: "", 1: "十"}.get(tens, f"{DIGITS[tens]}十")
    return ten + (DIGITS[ones] if ones else "")
