"""Word's automatic numbers, which stand in no text: (一), 1., 第一阶段, counted here as Word would."""

from __future__ import annotations

from typing import Any, Final

from docx.oxml.ns import qn

_CHINESE: Final = "零一二三四五六七八九十"


class Numbering:
    """The lists of one document and how far each has been counted."""

    def __init__(self, document: Any) -> None:
        self._levels = _levels(document)
        self._styles = _styles(document)
        self._counts: dict[tuple[str, int], int] = {}

    def label(self, paragraph: Any) -> str:
        """Count a paragraph and give the number Word would print before it, empty without one."""
        found = self._place(paragraph)
        if found is None:
            return ""
        number, level = found
        form, text = self._levels.get((number, level), ("", ""))
        if form in ("bullet", "none", "") or f"%{level + 1}" not in text:
            return ""
        self._counts[(number, level)] = self._counts.get((number, level), 0) + 1
        for deeper in range(level + 1, 9):
            self._counts.pop((number, deeper), None)
        for depth in range(level + 1):
            text = text.replace(f"%{depth + 1}", _printed(self._counts.get((number, depth), 1), form))
        return text if text.endswith(("、", ".", ")", "）", "．", ":", "：")) else text + " "

    def _place(self, paragraph: Any) -> tuple[str, int] | None:
        own = _num_pr(paragraph.find(qn("w:pPr")))
        if own:
            return own
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        return self._styles.get(style.get(qn("w:val"), "")) if style is not None else None


def _printed(count: int, form: str) -> str:
    if "hinese" in form or "apanese" in form or "deographDigital" in form or form == "ideographTraditional":
        return _chinese(count)
    if form == "decimalEnclosedCircle" and count <= 20:
        return chr(0x245F + count)
    return str(count)


def _chinese(count: int) -> str:
    if count <= 10:
        return _CHINESE[count]
    tens, ones = divmod(count, 10)
    if tens > 9:
        return str(count)
    return ("" if tens == 1 else _CHINESE[tens]) + "十" + (_CHINESE[ones] if ones else "")


def _num_pr(properties: Any) -> tuple[str, int] | None:
    if properties is None:
        return None
    number = properties.find(f"{qn('w:numPr')}/{qn('w:numId')}")
    level = properties.find(f"{qn('w:numPr')}/{qn('w:ilvl')}")
    if number is None or number.get(qn("w:val")) in (None, "0"):
        return None
    depth = level.get(qn("w:val"), "0") if level is not None else "0"
    return number.get(qn("w:val")), int(depth) if depth in "012345678" and len(depth) == 1 else 0


def _styles(document: Any) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for style in document.styles.element.findall(qn("w:style")):
        place = _num_pr(style.find(qn("w:pPr")))
        if place:
            found[style.get(qn("w:styleId"), "")] = place
    return found


def _levels(document: Any) -> dict[tuple[str, int], tuple[str, str]]:
    """Give for each list and level the form of its number and the text around it."""
    root = _numbering_root(document)
    if root is None:
        return {}
    abstract: dict[str, dict[int, tuple[str, str]]] = {}
    for entry in root.findall(qn("w:abstractNum")):
        levels: dict[int, tuple[str, str]] = {}
        for level in entry.findall(qn("w:lvl"))[:9]:
            levels[len(levels)] = (_value(level, "w:numFmt"), _value(level, "w:lvlText"))
        abstract[entry.get(qn("w:abstractNumId"), "")] = levels
    result: dict[tuple[str, int], tuple[str, str]] = {}
    for entry in root.findall(qn("w:num")):
        for depth, level_form in abstract.get(_value(entry, "w:abstractNumId"), {}).items():
            result[(entry.get(qn("w:numId"), ""), depth)] = level_form
    return result


def _numbering_root(document: Any) -> Any:
    for relation in document.part.rels.values():
        if relation.reltype.endswith("/numbering") and not relation.is_external:
            return getattr(relation.target_part, "element", None)
    return None


def _value(element: Any, tag: str) -> str:
    found = element.find(qn(tag))
    return found.get(qn("w:val"), "") if found is not None else ""
