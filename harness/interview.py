"""Ask a learner for predictions: at the terminal, one question after the other, or all of them in one option."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.askable import read_askable
from harness.errors import UsageFault
from harness.question import CLAIM, BadAnswer, claim_questions, questions_of
from harness.question_words import ENGLISH, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from harness.lab_record import Lab
    from harness.notes import Page
    from harness.question import Question
    from harness.question_words import Words
    from harness.request import Knob

    Entries = dict[str, dict[str, Any]]

SHOWN_CHARACTERS = 60


def predicted(
    lab: Lab,
    words: str | bool,
    knobs: Mapping[str, Knob],
    cores: Sequence[int],
    pythons: Sequence[str],
    language: str = "en",
    page: Page | None = None,
) -> Entries:
    """What a learner predicts of a lab, before anything of it is run.

    Args:
        lab: The lab.
        words: The predictions, such as "threads=1,processes=4"; True to ask for them at the terminal.
        knobs: The sizes of the work.
        cores: The numbers of cores that were named.
        pythons: The interpreters that were named.
        language: The language to ask in; one option with all predictions in it reads the same in every language.
        page: The lab's page in that language, where there is one.

    Raises:
        UsageFault: If there is nothing to predict, no terminal to ask at, or a prediction is none.
    """
    found, spoken = read_askable(lab), WORDS[language]
    told = told_by(lab, page) if page is not None and spoken is not ENGLISH else lab  # a lab's file is in English
    questions = questions_of(told, found, cores, spoken)
    if not questions:
        raise UsageFault(f"--predict: {lab.name} has no claim, and so nothing to predict; run it without --predict")
    if not isinstance(words, bool):
        named = {one.name: one for one in [*claim_questions(lab), *questions_of(lab, found)]}
        return parsed(words, named, lab, cores)
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)):
        raise UsageFault(f"--predict asks at a terminal, and here is none: {_form(questions)}")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    return asked(told, questions, knobs, _runs(questions, cores, pythons, spoken), sys.stdin, sys.stderr, spoken)


def told_by(lab: Lab, page: Page) -> Lab:
    """A lab whose question, variants and claims are in the words of its page, as far as that has them."""
    return replace(
        lab,
        question=page.question or lab.question,
        predict=page.predict or lab.predict,
        variants=tuple(replace(one, doc=page.variants.get(one.name, one.doc), because="") for one in lab.variants),
        claims=tuple(replace(one, doc=page.claims.get(one.name, one.doc)) for one in lab.claims),
    )


def _runs(questions: Sequence[Question], cores: Sequence[int], pythons: Sequence[str], words: Words) -> str:
    """The runs that one answer stands for, in words; nothing where there is one run for each."""
    kinds = []
    if len(cores) > 1 and any(one.cores is None for one in questions):
        kinds.append(words.cores.format(cores=words.and_.join(map(str, cores))))
    if len(pythons) > 1:
        kinds.append(words.python.format(pythons=words.and_.join(pythons)))
    return ", ".join(kinds)


def parsed(words: str, questions: Mapping[str, Question], lab: Lab, cores: Sequence[int]) -> Entries:
    """The predictions in the words of --predict.

    Args:
        words: Such as "threads=1,processes=4", or "threads@2=1" for two cores alone.
        questions: What can be predicted, by name.
        lab: The lab.
        cores: The numbers of cores that were named.

    Raises:
        UsageFault: If a name is unknown or twice there, or an answer is none.
    """
    found: Entries = {}
    for part in words.split(","):
        key, is_there, answer = (word.strip() for word in part.partition("="))
        name, on_cores, count = key.partition("@")
        given = f"--predict {_cut(key)}"
        if not is_there:
            raise UsageFault(f"{given}: {_form(list(questions.values()))}")
        if name not in questions:
            raise UsageFault(f"{given}: {_unknown(name, questions, lab)}")
        if on_cores and count not in map(str, cores):
            named = f"--cores names {', '.join(map(str, cores))}" if cores else "--cores names none"
            raise UsageFault(f"{given}: {count[:20]!r} is none of the numbers of cores; {named}")
        if key in found:
            raise UsageFault(f"{given}: it is predicted twice; give one answer")
        try:
            found[key] = questions[name].entry(answer)
        except BadAnswer as fault:
            raise UsageFault(f"{given}: {fault}") from None
    return found


def asked(
    lab: Lab,
    questions: Sequence[Question],
    knobs: Mapping[str, Knob],
    runs: str,
    answers: TextIO,
    out: TextIO,
    words: Words = ENGLISH,
) -> Entries:
    """Ask each question, again where its answer is none; an empty answer skips it, and the end of input all the rest.

    Args:
        lab: The lab.
        questions: What to ask.
        knobs: The sizes of the work.
        runs: The runs that one answer stands for, in words, where there are several.
        answers: Where the answers come from, a line each.
        out: Where the questions go.
        words: The language of what is said around them.
    """
    print(f"{lab.name}: {lab.question}", file=out)
    if lab.predict:
        print(f"{words.predict}{lab.predict}", file=out)
    print(words.rules + (words.for_each.format(runs=runs) if runs else ""), file=out)
    found: Entries = {}
    for number, question in enumerate(questions, start=1):
        print(f"\n{number}/{len(questions)} {_about(question, lab, knobs)}", file=out)
        entry, is_end = _answered(question, answers, out)
        if entry is not None:
            found[question.key] = entry
        if is_end:
            print("^D", file=out)
            break
    print(file=out, flush=True)
    return found


def _about(question: Question, lab: Lab, knobs: Mapping[str, Knob]) -> str:
    """What a question is about, and the question."""
    if question.kind == CLAIM:
        return f"{question.words.true_or_false} {question.text}"
    [variant] = [one for one in lab.variants if one.name == question.name]
    sizes = " ".join(f"{name}={knobs[name]}" for name in variant.knobs if name in knobs)
    return f"{question.name}: {variant.doc}{f' ({sizes})' if sizes else ''}\n    {_capital(question.text)}"


def _answered(question: Question, answers: TextIO, out: TextIO) -> tuple[dict[str, Any] | None, bool]:
    """The entry that an answer makes, or None where it is skipped; and whether the input has come to its end."""
    print(f"    {_capital(question.allowed)}", file=out)
    while True:
        print("    > ", end="", file=out, flush=True)
        line = answers.readline()
        if not line.strip():
            return None, not line
        try:
            return question.entry(line), False
        except BadAnswer as fault:
            print(f"    {fault}{question.words.enter_skips}", file=out)


def _form(questions: Sequence[Question]) -> str:
    """How predictions are given without questions."""
    example = ",".join(f"{one.name}={one.example}" for one in _ordered(questions)[:2])
    return f"give NAME=ANSWER, such as --predict {example}; {_listed(questions)}"


def _unknown(name: str, questions: Mapping[str, Question], lab: Lab) -> str:
    import difflib

    listed = _listed(questions.values())
    if any(variant.name == name for variant in lab.variants):
        return f"no claim of {lab.name} asks for anything of this variant that can be guessed; {listed}"
    near = difflib.get_close_matches(name[:SHOWN_CHARACTERS], list(questions), n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"no variant or claim {_cut(name)} of {lab.name}: {guess}{listed}"


def _listed(questions: Iterable[Question]) -> str:
    """The names of what can be predicted: variants first, then claims."""
    return f"what can be predicted is {', '.join(one.name for one in _ordered(questions))}"


def _ordered(questions: Iterable[Question]) -> list[Question]:
    """Each name once, variants first."""
    return sorted({one.name: one for one in questions}.values(), key=lambda one: one.kind == CLAIM)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cut(text: str) -> str:
    return repr(text[:SHOWN_CHARACTERS])
