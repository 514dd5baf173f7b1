"""Whether the rules of eligibility are met: one function, on values, for the page beside a form and for the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, cast

from qtb.domain import eligibility_rules as shapes
from qtb.domain.calendar import DAY, Calendar
from qtb.domain.eligibility_rules import Rule
from qtb.domain.errors import Invalid, Reason
from qtb.domain.workflow import Strict, Text

Values = Mapping[str, Mapping[str, Any]]  # form → field → value; a form that nobody has saved is not among them
Status = Literal["met", "not_yet", "blocks", "warns", "info"]
Answer = tuple[bool | None, Reason]  # None: a value is still missing
UNMET: dict[str, Status] = {"block": "blocks", "warn": "warns", "info": "info"}
MISSING = "rule_missing"
LONGEST = 366  # days of publicity that are counted


@dataclass(frozen=True, slots=True)
class Earlier:
    """A level that the team was given in an earlier year."""

    year: int
    level: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What no form says: the other entries, the recommender, the words for levels and fields, the waived rules."""

    year: int
    calendar: Calendar
    complete: Mapping[str, bool]
    n_of_unit: int = 0  # other works that the unit has declared this year
    n_of_team: int = 0
    elsewhere_team: bool = False  # a live entry of the team names another recommender
    elsewhere_title: bool = False
    recommender: bool = False  # named and authorised
    earlier: tuple[Earlier, ...] = ()
    waived: Mapping[str, str] = field(default_factory=dict)  # code → why
    labels: Mapping[str, Text] = field(default_factory=dict)  # `form.field`, a form, or a level → its words


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule came to, and why; `counts` where it stands in the way of the move."""

    code: str
    rule: Rule
    status: Status
    why: tuple[Reason, ...]
    counts: bool = False
    waived: str = ""


def judge(rules: Mapping[str, Rule], values: Values, situation: Situation, *, on: date) -> list[Finding]:
    """Judge each rule that is on, in their order."""
    return [_finding(code, rule, values, situation, on) for code, rule in rules.items() if rule.on]


def blocking(findings: list[Finding]) -> tuple[Reason, ...]:
    """Return the reasons of the rules that stand in the way, a sentence for each."""
    found = (one for one in findings if one.counts)
    return tuple(Reason("rule_blocks", {"code": one.code, "says": one.rule.says, "why": one.why}) for one in found)


def _finding(code: str, rule: Rule, values: Values, situation: Situation, on: date) -> Finding:
    if rule.test is None:
        return Finding(code, rule, "info", ())
    asked = rule.test.asked()
    answers = [TESTS[name](one, values, situation, on) for name, one in asked.items()]
    if all(met for met, _ in answers):
        return Finding(code, rule, "met", tuple(why for _, why in answers))
    why = _told_once([why for met, why in answers if not met])
    status: Status = UNMET[rule.severity] if any(met is False for met, _ in answers) else "not_yet"
    if code in situation.waived:
        return Finding(code, rule, "info", why, waived=situation.waived[code])
    # What a form says that nobody has saved is not asked at the door: that it be complete is a rule of its own.
    told = any(met is False or _is_told(one, values) for (met, _), one in zip(answers, asked.values(), strict=True)
               if not met)  # fmt: skip
    return Finding(code, rule, status, why, counts=rule.severity == "block" and told and not rule.guarded)


def _told_once(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Return the reasons with what is still missing in one of them, each field once."""
    missing = [name for one in reasons if one.key == MISSING for name in cast("tuple[str, ...]", one.args["fields"])]
    rest = [one for one in reasons if one.key != MISSING]
    return (*([Reason(MISSING, {"fields": tuple(dict.fromkeys(missing))})] if missing else []), *rest)


def barred_by(test: shapes.CoolOff, earlier: Sequence[Earlier], year: int) -> Earlier | None:
    """Return the earlier level that still bars a declaration in a year: of several the one that bars longest."""
    barring = [one for one in earlier if year - one.year <= test.years.get(one.level, 0)]
    return max(barring, key=lambda one: (one.year + test.years[one.level], one.year), default=None)


def named(test: Strict) -> Iterator[str]:
    """Yield the fields that a test reads, as `form.field`."""
    for key in ("field", "first", "last"):
        if hasattr(test, key):
            yield getattr(test, key)
    yield from getattr(test, "fields", ())
    if unless := getattr(test, "unless", None):
        yield from named(unless)


def _is_told(test: Strict, values: Values) -> bool:
    return all(name.partition(".")[0] in values for name in named(test))


def _value(values: Values, name: str) -> Any:
    form, _, key = name.partition(".")
    found = values.get(form, {}).get(key)
    return None if found in ("", []) else found


def _month(value: Any) -> int | None:
    """Return a month as a number of months; None where there is none to read."""
    try:
        return int(str(value)[:4]) * 12 + int(str(value)[5:7]) - 1
    except ValueError:
        return None


def _missing(situation: Situation, *names: str) -> Answer:
    return None, Reason(MISSING, {"fields": tuple(situation.labels.get(name, name) for name in names)})


def _months_since(test: shapes.MonthsSince, values: Values, situation: Situation, on: date) -> Answer:
    since = _month(_value(values, test.field))
    if since is None:
        return _missing(situation, test.field)
    n = on.year * 12 + on.month - 1 - since
    about: dict[str, object] = {"field": situation.labels.get(test.field, test.field), "n": n, "least": test.at_least}
    return n >= test.at_least, Reason("rule_months_since", about)


def _months_between(test: shapes.MonthsBetween, values: Values, situation: Situation, on: date) -> Answer:
    first, last = _month(_value(values, test.first)), _month(_value(values, test.last))
    if first is None or last is None:
        return _missing(situation, *(name for name in (test.first, test.last) if _month(_value(values, name)) is None))
    n = last - first + 1
    return n >= test.at_least, Reason("rule_months_between", {"n": n, "least": test.at_least})


def _ended_within(test: shapes.EndedWithin, values: Values, situation: Situation, on: date) -> Answer:
    ended = _month(_value(values, test.field))
    if ended is None:
        return _missing(situation, test.field)
    n = on.year * 12 + on.month - 1 - ended
    about: dict[str, object] = {"field": situation.labels.get(test.field, test.field), "n": n, "most": test.months}
    return n <= test.months, Reason("rule_ended_within", about)


def _equals(test: shapes.Equals, values: Values, situation: Situation, on: date) -> Answer:
    found = _value(values, test.field)
    if found is None:
        return _missing(situation, test.field)
    label = situation.labels.get(test.field, test.field)
    wanted = situation.labels.get(f"{test.field}={test.value}", str(test.value))
    return found == test.value, Reason("rule_equals", {"field": label, "wanted": wanted})


def _filled(test: shapes.FilledIn, values: Values, situation: Situation, on: date) -> Answer:
    lacking = [name for name in test.fields if _value(values, name) is None]
    if lacking:
        return _missing(situation, *lacking)
    return True, Reason("rule_filled", {"n": len(test.fields)})


def _complete(test: shapes.Complete, values: Values, situation: Situation, on: date) -> Answer:
    lacking = [form for form in test.forms if not situation.complete.get(form)]
    if lacking:
        return False, Reason("rule_incomplete", {"forms": tuple(situation.labels.get(form, form) for form in lacking)})
    return True, Reason("rule_complete", {"n": len(test.forms)})


def _a_year(test: shapes.AYear, values: Values, situation: Situation, on: date) -> Answer:
    n_unit, n_team = situation.n_of_unit + 1, situation.n_of_team + 1
    about: dict[str, object] = {
        "n_unit": n_unit, "per_unit": test.per_unit, "n_team": n_team, "per_team": test.per_team,
    }  # fmt: skip
    return n_unit <= test.per_unit and n_team <= test.per_team, Reason("rule_a_year", about)


def _not_elsewhere(test: shapes.NotElsewhere, values: Values, situation: Situation, on: date) -> Answer:
    if situation.elsewhere_team or (test.title and situation.elsewhere_title):
        return False, Reason("rule_elsewhere")
    return True, Reason("rule_not_elsewhere")


def _recommender(test: shapes.Recommender, values: Values, situation: Situation, on: date) -> Answer:
    if not situation.recommender:
        return False, Reason("rule_no_recommender")
    return True, Reason("rule_recommender")


def _cool_off(test: shapes.CoolOff, values: Values, situation: Situation, on: date) -> Answer:
    barring = barred_by(test, situation.earlier, situation.year)
    if barring is None:
        return True, Reason("rule_no_cool_off")
    about: dict[str, object] = {
        "level": situation.labels.get(barring.level, barring.level), "year": barring.year,
        "from": barring.year + test.years[barring.level] + 1,
    }  # fmt: skip
    if test.unless is None:
        return False, Reason("rule_cool_off", about)
    if _value(values, test.unless.field) == test.unless.value:
        return True, Reason("rule_cool_off_new", about)
    field = situation.labels.get(test.unless.field, test.unless.field)
    return False, Reason("rule_cool_off_unless", {**about, "field": field})


def _publicity(test: shapes.Publicity, values: Values, situation: Situation, on: date) -> Answer:
    try:
        first, last = (date.fromisoformat(str(_value(values, name))) for name in (test.first, test.last))
    except ValueError:
        return _missing(situation, *(name for name in (test.first, test.last) if _value(values, name) is None))
    days = [first + n * DAY for n in range(min((last - first).days + 1, LONGEST))]
    try:
        n_days = sum(situation.calendar.is_working(day) for day in days)
    except Invalid as unknown:
        return None, Reason(unknown.key, unknown.args_)
    return n_days >= test.working_days, Reason("rule_publicity", {"n": n_days, "least": test.working_days})


TESTS: dict[str, Callable[[Any, Values, Situation, date], Answer]] = {
    "months_since": _months_since, "months_between": _months_between, "ended_within": _ended_within,
    "equals": _equals, "filled": _filled, "complete": _complete, "a_year": _a_year,
    "not_elsewhere": _not_elsewhere, "recommender": _recommender, "cool_off": _cool_off, "publicity": _publicity,
}  # fmt: skip
