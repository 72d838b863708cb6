"""The questions that a lab's claims raise: what a learner may predict of which variant, and what an answer means."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness import askable
from harness.askable import ANSWER, CORES_BUSY, EVENTS, EXIT_CODE, OUTCOME, SPEED_UP
from harness.lab_file import OUTCOMES
from harness.question_words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.askable import Ask, Askable, Asked, Returned
    from harness.lab_record import Lab, Variant
    from harness.question_words import Words

AMOUNT, CLAIM = "amount", "claim"
"""Kinds of their own: an answer that claims hold against a bound, and a claim that is true or false."""
TRUE_OR_FALSE = ("true", "false")


class BadAnswer(ValueError):
    """An answer that a question does not allow; its text says what is allowed."""


@dataclass(frozen=True)
class Question:
    """Something to predict.

    Attributes:
        name: The variant, or the claim.
        kind: What of it: a kind of `askable`, "amount" or "claim".
        text: The question.
        allowed: What an answer may be.
        example: An answer, which need not be right.
        claims: The claims that judge it.
        over: The variant that it is held against, where there is one.
        choices: The answers there are, where they are few.
        cores: On how many cores, where it is asked for each number of them.
        words: The language it is asked in.
    """

    name: str
    kind: str
    text: str
    allowed: str
    example: str
    claims: tuple[str, ...]
    over: str | None = None
    choices: tuple[str, ...] = ()
    cores: int | None = None
    words: Words = ENGLISH

    @property
    def key(self) -> str:
        """What a prediction is kept under."""
        return self.name if self.cores is None else f"{self.name}@{self.cores}"

    def entry(self, text: str) -> dict[str, Any]:
        """The prediction that an answer makes, as a run keeps it.

        Raises:
            BadAnswer: If it is none.
        """
        return {"kind": self.kind, "expected": self._value(text.strip()), "over": self.over, "claims": [*self.claims]}

    def _value(self, text: str) -> str | bool | int | float:
        if self.choices == TRUE_OR_FALSE:
            if text.lower() in (*self.words.yes, *self.words.no):
                return text.lower() in self.words.yes
        elif self.choices:
            word = text.lower().replace(" ", "_")
            meant = [choice for choice in self.choices if word and choice.lower().startswith(word)]
            exactly = [choice for choice in self.choices if choice.lower() == word]
            if exactly or len(meant) == 1:
                return (exactly or meant)[0]
        else:
            number = _number(text)
            if number is not None and self._allows(number):
                return number
        raise BadAnswer(self.words.no_answer.format(given=repr(text[:40]), allowed=self.allowed))

    def _allows(self, number: float) -> bool:
        if self.kind in self.words.ratios:
            return number > 0
        if self.kind == CORES_BUSY:
            return number >= 0
        return self.kind == AMOUNT or isinstance(number, int)


def questions_of(lab: Lab, found: Askable, cores: Sequence[int] = (), words: Words = ENGLISH) -> list[Question]:
    """What to ask of a lab: at most one question a variant, and the claims that no such question touches.

    Args:
        lab: The lab.
        found: What its claims ask for.
        cores: The numbers of cores it is run on, where they were named; a speed-up is asked for on each of them.
        words: The language to ask in.
    """
    over_a_run = [claim for claim in found.claims if claim.over == "run"]
    of_variants = [one for each in lab.variants if (one := _of_variant(each, found, over_a_run, words))]
    several = cores if len(cores) > 1 else ()
    asked = [one for each in of_variants for one in _on_each(each, several)]
    claims = found.claims if several else over_a_run
    names, bases = {one.name for one in of_variants}, {str(one.over) for one in of_variants}
    open_claims = {claim.claim for claim in claims if _is_open(claim, names, bases)}
    return asked + [one for one in claim_questions(lab, words) if one.name in open_claims]


def claim_questions(lab: Lab, words: Words = ENGLISH) -> list[Question]:
    """Each claim of a lab as a question: true or false?"""
    return [
        Question(one.name, CLAIM, one.doc, words.claim, "yes", (one.name,), None, TRUE_OR_FALSE, words=words)
        for one in lab.claims
    ]


def _on_each(question: Question, cores: Sequence[int]) -> list[Question]:
    """A question about a speed-up once for each number of cores, any other as it is."""
    if question.kind != SPEED_UP or not cores:
        return [question]
    on_cores = question.words.on_cores
    texts = {one: on_cores.format(cores=one, s="s" if one > 1 else "", question=question.text) for one in cores}
    return [replace(question, cores=one, text=text) for one, text in texts.items()]


def _is_open(claim: Asked, asked: set[str], bases: set[str]) -> bool:
    """Whether the questions about variants leave a claim untouched: it is about an order, or about none of them."""
    about_an_order = any(ask.kind == EVENTS for ask in claim.asks)
    return about_an_order or not claim.about & asked or bool(claim.about - asked - bases)


def _of_variant(variant: Variant, found: Askable, claims: Sequence[Asked], words: Words) -> Question | None:
    """The question that tells most of a variant."""
    asks = [(ask, claim.claim) for claim in claims for ask in claim.asks if ask.variant == variant.name]
    bases = {ask.over for claim in claims for ask in claim.asks}
    ask = _most_telling(variant, [ask for ask, _ in asks], found, is_base=variant.name in bases)
    if ask is None:
        return None
    same_kind = tuple(dict.fromkeys(claim for one, claim in asks if one.kind == ask.kind))
    about = tuple(claim.claim for claim in claims if variant.name in claim.about)
    return replace(_worded(ask, same_kind or about, variant, found, words), words=words)


def _most_telling(variant: Variant, asks: Sequence[Ask], found: Askable, *, is_base: bool) -> Ask | None:
    """What to ask of a variant, of all that claims ask of it; None where nothing of that can be guessed at."""

    def first(*kinds: str) -> Ask | None:
        return next((ask for kind in kinds for ask in asks if ask.kind == kind), None)

    if variant.ends != "finished":
        return first(OUTCOME) or askable.Ask(OUTCOME, variant.name)
    answers = [ask for ask in asks if ask.kind == ANSWER and _can_be_answered(variant, found)]
    known = next((ask for ask in answers if ask.exact and ask.wanted is not None), None)
    held_against = next((ask for kind in ENGLISH.ratios for ask in asks if ask.kind == kind and ask.over), None)
    any_answer = None if is_base or variant.answer == "same" else next(iter(answers), None)
    return known or held_against or first(OUTCOME) or any_answer or first(CORES_BUSY, EXIT_CODE)


def _can_be_answered(variant: Variant, found: Askable) -> bool:
    """Whether a variant's answer is a value that one can name: no list, and no text unless claims name a few."""
    returned = found.returns.get(variant.name)
    return returned is not None and (returned.type != "str" or len(_texts(found)) > 1)


def _texts(found: Askable) -> tuple[str, ...]:
    """The texts that claims hold answers against, in alphabetical order: they are what can be chosen from."""
    asks = (ask for claim in found.claims for ask in claim.asks if ask.kind == ANSWER)
    return tuple(sorted({ask.wanted for ask in asks if isinstance(ask.wanted, str)}))


def _worded(ask: Ask, claims: tuple[str, ...], variant: Variant, found: Askable, words: Words) -> Question:
    if ask.kind in words.ratios:
        text, allowed = words.ratios[ask.kind]
        return Question(ask.variant, ask.kind, text.format(over=ask.over), allowed, "2", claims, ask.over)
    if ask.kind == CORES_BUSY:
        return Question(ask.variant, ask.kind, *words.cores_busy, "3", claims)
    if ask.kind == OUTCOME:
        return Question(ask.variant, OUTCOME, words.ends, ", ".join(OUTCOMES), OUTCOMES[0], claims, None, OUTCOMES)
    if ask.kind == EXIT_CODE:
        return Question(ask.variant, EXIT_CODE, *words.exit_code, "3", claims)
    return _about_answer(ask, claims, variant, found, words)


def _about_answer(ask: Ask, claims: tuple[str, ...], variant: Variant, found: Askable, words: Words) -> Question:
    returned = found.returns[ask.variant]
    what = _what_it_returns(variant, returned, words)
    if returned.type == "bool":
        text, allowed = words.yes_or_no
        return Question(ask.variant, ANSWER, text.format(returns=what), allowed, "yes", claims, None, TRUE_OR_FALSE)
    if returned.type == "str":
        choices = _texts(found)
        text, allowed = words.which.format(returns=what), ", ".join(choices)
        return Question(ask.variant, ANSWER, text, allowed, choices[0], claims, None, choices)
    wanted = [one for claim in found.claims for one in claim.asks if (one.kind, one.variant) == (ANSWER, ask.variant)]
    if returned.type == "int" and any(one.exact for one in wanted):
        text, allowed = words.which_number
        return Question(ask.variant, ANSWER, text.format(returns=what), allowed, "7", claims)
    text, allowed = words.how_many
    return Question(ask.variant, AMOUNT, text.format(returns=what), allowed, "700", claims)


def _what_it_returns(variant: Variant, returned: Returned, words: Words) -> str:
    """What a variant returns, as it says itself where it does, else as it stands in the file."""
    if variant.because.startswith("it returns "):
        return variant.because.partition(",")[0]
    return words.returns.format(text=returned.text) if returned.text else words.returns_something


def _number(text: str) -> int | float | None:
    """The number that a text is, with or without a sign for "times" behind it."""
    plain = text.replace("−", "-").removesuffix("x").removesuffix("×").strip()
    try:
        number = float(plain)
    except ValueError:
        return None
    if not math.isfinite(number) or abs(number) > 1e15:
        return None
    return int(number) if number == int(number) else number
