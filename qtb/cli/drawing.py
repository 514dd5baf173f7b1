"""The diagram of a definition, drawn by `transitions` itself, so that what is drawn is what is judged."""

from __future__ import annotations

from typing import Any

from transitions.extensions import GraphMachine

from qtb.domain.definition import Definition
from qtb.wording import when_words

NARROW = str.maketrans({'"': "'", ":": "：", ";": "；", "\n": " "})  # signs that end a label in Mermaid


def drawn(definition: Definition, lang: str) -> str:
    """Return the definition as a Mermaid state diagram: labels of the states, and on each arrow what, and when."""
    workflow = definition.workflow
    machine: Any = GraphMachine(
        model=None, states=list(workflow.states), initial=workflow.start, auto_transitions=False,
        graph_engine="mermaid", title=f"title: {_label(workflow.programme.title.get(lang))}",
    )  # fmt: skip
    for key, state in workflow.states.items():
        machine.states[key].label = _label(state.label.get(lang))
    for key, rule in workflow.transitions.items():
        label = f"{'⏰ ' if rule.at else ''}{rule.label.get(lang)} ({when_words(definition, rule, lang)})"
        for source in workflow.sources(key):
            machine.add_transition(key, source, rule.to, label=_label(label))
    return str(machine.graph_cls(machine).get_graph().draw(None))


def _label(text: str) -> str:
    return text.translate(NARROW)
