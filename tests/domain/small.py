"""A second, small programme with names of its own: two months, four states, a part that nobody should know by name."""

from __future__ import annotations

from qtb.domain import definition
from qtb.domain.definition import Definition
from qtb.services.cycles import Planned
from qtb.services.rehearsal_year import Year
from tests.world import at

WORKFLOW = """
programme:
  key: ideas
  title: {zh: 金点子, en: Bright ideas}
  zone: Asia/Shanghai
  organiser: {zh: 办公室, en: Office}
path: [thought, filed, crowned, told]
states:
  thought:
    {kind: start, label: {zh: 构想, en: Thought}, holder: applicant,
     edits: [{form: registration, by: applicant, during: gather}]}
  filed: {kind: live, label: {zh: 已收, en: Filed}, holder: organiser, decided: true, rests: true}
  crowned: {kind: live, label: {zh: 已奖, en: Crowned}, holder: organiser, rests: true, listed: true}
  told: {kind: live, label: {zh: 已讲, en: Told}, rests: true, listed: true}
  binned: {kind: end, label: {zh: 落选, en: Binned}}
transitions:
  file:
    {label: {zh: 投递, en: File}, done: {zh: 投递了, en: filed}, from: [thought], to: filed, by: [applicant],
     during: gather, when: [{fact: registration_complete, op: eq, value: true}], tone: primary,
     then: [{effect: mail, letter: submitted, to: applicant}]}
  drop:
    {label: {zh: 放弃, en: Drop}, done: {zh: 放弃了, en: dropped}, from: [thought], to: binned, by: [applicant],
     tone: danger}
  tell:
    {label: {zh: 宣讲, en: Tell}, done: {zh: 宣讲了, en: told}, from: [crowned], to: told, by: [organiser],
     during: telling, note: required, tone: primary}
  sweep_out:
    {label: {zh: 清退, en: Sweep out}, done: {zh: 清退, en: swept out}, from: [start], to: binned,
     at: {row: gather, edge: closes}}
  crown:
    {label: {zh: 授奖, en: Crown}, done: {zh: 授奖, en: crowned}, from: [filed], to: crowned,
     at: {row: feast, edge: held}, when: [{fact: award_level, op: not_in, value: ["", none]}]}
  bin:
    {label: {zh: 落选, en: Bin}, done: {zh: 落选, en: binned}, from: [filed], to: binned, at: {row: feast, edge: held},
     when: [{fact: award_level, op: eq, value: none}]}
"""
TIMELINE = """
rows:
  gather: {title: {zh: 征集, en: Gathering}, short: {zh: 征集, en: Gather}, words: [征集], gate: true}
  feast: {title: {zh: 颁奖, en: Feast}, short: {zh: 颁奖, en: Feast}, words: [颁奖], gate: true, held: "10:00"}
  telling: {title: {zh: 宣讲会, en: Telling}, short: {zh: 宣讲, en: Tell}, words: [宣讲], gate: true}
"""
RUBRIC = """
code: SMALL-1
step: 1
sheets: {ONE: {title: {zh: 评分, en: Sheet}, items: {A: {label: {zh: 甲, en: A}, guide: {zh: 甲, en: A}, max: 10}}}}
levels: {GOLD: {label: {zh: 金, en: Gold}, min_score: 8}, TIN: {label: {zh: 锡, en: Tin}, min_score: 2}}
"""
FORM = """
title: {zh: 登记表, en: Form}
sections:
  - title: {zh: 登记, en: Entry}
    fields: {team_name: {type: text, label: {zh: 名称, en: Name}, required: true, column: team_name}}
"""
FILES = {
    "workflow.yaml": WORKFLOW, "timeline.yaml": TIMELINE, "rubric.yaml": RUBRIC, "forms/registration.yaml": FORM
}  # fmt: skip


def small() -> Definition:
    """Return the small programme, read."""
    return definition.from_files(FILES)


def year() -> Year:
    """Return a year of it: gathered in March, a feast on 10 April, told until the end of April."""
    rows = (
        Planned("gather", 1, "征集", at("2024-03-01"), at("2024-04-01")),
        Planned("feast", 2, "颁奖", at("2024-04-10"), at("2024-04-11"), at("2024-04-10 10:00")),
        Planned("telling", 3, "宣讲会", at("2024-04-11"), at("2024-05-01")),
    )
    return Year(small(), "ideas-2024", 2024, "2024年金点子", rows)
