"""What the shape of the presentation cannot say: that its form is there, its edits fit, its days make sense."""

from __future__ import annotations

from collections.abc import Iterator

from qtb.domain import facts
from qtb.domain.definition import Definition
from qtb.domain.rubric import Slides


def findings(definition: Definition) -> Iterator[str]:
    """Yield what is wrong with the shortlist, and with edits and forms that hang on it."""
    yield from _shortlist(definition)
    yield from _edits(definition)
    for key, form in definition.forms.items():
        if unknown := sorted(set(form.sheets) - set(definition.rubric.sheets)):
            yield _at(definition, f"no sheet is called {', '.join(unknown)}", f"forms/{key}.yaml", "sheets")
        if form.sheets and not form.judged:
            yield _at(definition, "`sheets` belong to a form that is `judged`", f"forms/{key}.yaml", "sheets")


def _shortlist(definition: Definition) -> Iterator[str]:
    rule = definition.rubric.shortlist
    if rule is None:
        return
    if rule.sheet == rule.after:
        said = "the sheet of the presentation is not the one that decides"
        yield _at(definition, said, "rubric.yaml", "shortlist", "sheet")
    if not any(definition.workflow.states[state].decided for state in definition.filled_in(rule.sheet)):
        said = f"no state in which works are decided fills the sheet {rule.sheet}"
        yield _at(definition, said, "rubric.yaml", "shortlist", "sheet")
    if rule.slides is not None:
        yield from _slides(definition, rule.slides)


def _slides(definition: Definition, slides: Slides) -> Iterator[str]:
    place = ("shortlist", "slides")
    form = definition.forms.get(slides.form)
    if form is None:
        yield _at(definition, f"unknown form {slides.form}", "rubric.yaml", *place, "form")
    elif not any(field.type == "file" for field in form.fields.values()):
        yield _at(definition, f"the form {slides.form} takes no file", "rubric.yaml", *place, "form")
    edits = [edit for state in definition.workflow.states.values() for edit in state.edits]
    if form is not None and not any(edit.form == slides.form and edit.until for edit in edits):
        yield _at(definition, f"no state lets {slides.form} be filled `until` slides are due", "rubric.yaml", *place)
    if slides.remind != sorted(set(slides.remind), reverse=True) or slides.remind[-1] < 1:
        said = "days before a date: at least 1, the most first, each once"
        yield _at(definition, said, "rubric.yaml", *place, "remind")


def _edits(definition: Definition) -> Iterator[str]:
    for key, state in definition.workflow.states.items():
        for n, edit in enumerate(state.edits):
            place = ("states", key, "edits", n)
            for guard in edit.when:
                if guard.fact not in facts.FACTS:
                    yield _at(definition, f"unknown fact {guard.fact}", "workflow.yaml", *place, "when")
                elif not facts.fits(guard):
                    said = f"{guard.op} {guard.value!r} does not fit the fact {guard.fact}"
                    yield _at(definition, said, "workflow.yaml", *place, "when")
            shortlist = definition.rubric.shortlist
            if edit.until and (shortlist is None or shortlist.slides is None):
                yield _at(definition, "no slides are due in this programme", "workflow.yaml", *place, "until")


def _at(definition: Definition, what: str, file: str, *path: str | int) -> str:
    return f"{file}:{definition.line(file, *path)}: {'.'.join(map(str, path))}: {what}"
