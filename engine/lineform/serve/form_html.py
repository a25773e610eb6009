"""A form as one page: each question with its label, its field and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from starlette.responses import HTMLResponse

from lineform.display.markup import Html, div, element, span
from lineform.model.questions import Question, TextAnswer
from lineform.scenarios.answers import day_of
from lineform.scenarios.dialogue import Form
from lineform.scenarios.filling import Fields, Filled, texts_of
from lineform.segments.friend import Value
from lineform.serve.html import page

_LONG = 60
"""Characters from which on a text has a field of several lines."""


def form_page(form: Form, filled: Filled, fields: Fields, today: date, *, told: bool) -> HTMLResponse:
    """The page; `told` where the friend has sent it already and must hear what is missing."""
    if form.page is None:
        raise ValueError(f"'{form.name}' has no page")
    wrong = _wrong(filled) if told else {}
    questions = (_question(form, one, fields, today, wrong.get(one.field, "")) for one in filled.questions)
    return page(
        form.page.title,
        element("h1", None, form.page.title),
        *_summary(filled.questions, wrong),
        element(
            "form",
            {"method": "post", "novalidate": "novalidate"},
            *questions,
            element("button", {"class": "button", "type": "submit"}, form.page.send),
        ),
        status=422 if wrong else 200,
    )


def _wrong(filled: Filled) -> dict[str, str]:
    missing = dict.fromkeys(filled.open, "お答えください。")
    return {**missing, **filled.wrong}


def _summary(questions: Sequence[Question], wrong: Mapping[str, str]) -> Iterator[str]:
    if not wrong:
        return
    links = [
        element("li", None, element("a", {"href": f"#q-{one.field}"}, one.heading))
        for one in questions
        if one.field in wrong
    ]
    heading = element("p", None, element("strong", None, f"{len(links)}つの項目をご確認ください。"))
    yield element("div", {"class": "alert", "role": "alert"}, heading, element("ul", None, *links))


def _question(form: Form, question: Question, fields: Fields, today: date, wrong: str) -> Html:
    texts = texts_of(fields, question.field)
    mark = span("may", "任意") if question.optional else span("must", "必須")
    error = element("p", {"class": "wrong", "id": f"e-{question.field}"}, wrong) if wrong else Html("")
    about = {"aria-describedby": f"e-{question.field}" if wrong else "", "aria-invalid": "true" if wrong else ""}
    if question.options or question.yes_no is not None:
        legend = element("legend", None, question.heading, mark)
        choices = _choices(question, texts)
        group = element("fieldset", {"id": f"q-{question.field}", **about}, legend, *choices, error)
        return div("card", group)
    label = element("label", {"class": "ask", "for": f"q-{question.field}"}, question.heading, mark)
    return div("card", label, _field(question, texts[0] if texts else "", today, about), error)


def _choices(question: Question, texts: Sequence[str]) -> Iterator[Html]:
    kind = "checkbox" if question.choices is not None else "radio"
    options = [(one.value, one.label) for one in question.options]
    if question.yes_no is not None:
        options = [("yes", question.yes_no.yes), ("no", question.yes_no.no)]
    for value, label in options:
        about = {"type": kind, "name": question.field, "value": value}
        if value in texts:
            about["checked"] = "checked"
        yield element("label", {"class": "choice"}, element("input", about), element("span", None, label))


def _field(question: Question, text: str, today: date, about: Mapping[str, str]) -> Html:
    given = {"id": f"q-{question.field}", "name": question.field, "value": text, **about}
    if question.date is not None:
        days = {"min": day_of(question.date.min, today), "max": day_of(question.date.max, today)}
        bounds = {name: day.isoformat() for name, day in days.items() if day is not None}
        return element("input", {"type": "date", **given, **bounds})
    if question.number is not None:
        mode = "numeric" if question.number.whole else "decimal"
        return element("input", {"type": "text", "inputmode": mode, **given})
    if question.postcode is not None:
        return element("input", {"type": "text", "inputmode": "numeric", "autocomplete": "postal-code", **given})
    wanted = question.text or TextAnswer()
    if wanted.shape == "email":
        return element("input", {"type": "email", "autocomplete": "email", **given})
    if wanted.shape == "phone":
        return element("input", {"type": "tel", "autocomplete": "tel", **given})
    longest = {"maxlength": str(wanted.at_most)}
    if wanted.at_most > _LONG and wanted.shape == "any":
        return element("textarea", {**{k: v for k, v in given.items() if k != "value"}, **longest}, text)
    return element("input", {"type": "text", **given, **longest})


def written(answers: Mapping[str, Value | None], questions: Sequence[Question]) -> dict[str, Value]:
    """Answers from the chat as the page's fields hold them."""
    out: dict[str, Value] = {}
    for question in questions:
        value = answers.get(question.field)
        if value is None:
            continue
        if isinstance(value, bool):
            out[question.field] = "yes" if value else "no"
        elif isinstance(value, tuple):
            out[question.field] = value
        else:
            out[question.field] = str(value)
    return out
