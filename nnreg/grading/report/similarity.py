"""Submissions that are more alike than the class is: a hint, and no proof.

Short tasks have few right answers, and many students follow the chapter, so
likeness alone accuses everyone. What counts here is how many others are as
like a student's answer as this one: two students whose answers are nearest to
each other in one long task after another may not have worked alone.
"""

import builtins
import io
import itertools
import keyword
import re
import tokenize
import zlib
from array import array
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel

from nnreg.grading.report.words import by_student

MOST_PAIRS = 30
_LONGEST_CODE = 50_000  # characters of one submission
_LONGEST_ANSWER = 1500  # tokens
_STANDS_OUT = 0.5  # deviations above chance; times the log of the pairs
_REST = "other code"
_KNOWN = {*keyword.kwlist, *dir(builtins), "np", "self"}
_TOP_LEVEL = re.compile(r"^(?=[^\s#)\]}])", re.MULTILINE)
_DEFINITION = re.compile(r"(?:async )?(?:def|class) (\w+)")
_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def alike(
    results: list[dict[str, Any]], questions: list[str]
) -> list[dict[str, Any]]:
    """Return the pairs of submissions that stand out.

    Parameters
    ----------
    results : list of dict
        As `nnreg.grading.grade.grade` returns them. Their code is read, and
        never run.
    questions : list of str
        The names of the functions that were asked for.

    Returns
    -------
    list of dict
        At most `MOST_PAIRS`, the most striking ones first: ``students`` (two
        results), ``likeness`` and ``usual`` (of this pair, and of the class's
        middle one, from 0 to 1), ``nearest`` (the questions in which hardly
        anybody is as near) and ``same_file``.
    """
    results = [each for each in by_student(results) if each["code"]]
    if len(results) < 2:
        return []
    names = [*questions, _REST]
    answers = [_answers(each["code"], questions) for each in results]
    first, second = np.triu_indices(len(results), 1)
    surprise, noise, likeness, lengths = np.zeros((4, len(first)))
    near = {}
    for name in names:
        texts = [each.get(name, array("L")) for each in answers]
        match = process.cdist(
            texts, texts, scorer=Indel.normalized_similarity, workers=-1
        )
        sizes = np.array([len(text) for text in texts])
        length = np.minimum(sizes[first], sizes[second])
        share = _share_as_near(match)[first, second]
        rare = -np.log(share)  # its deviation is 1, where nobody has copied
        surprise += np.sqrt(length) * (rare - rare.mean())
        noise += length * (np.ptp(rare) > 0)
        likeness += length * match[first, second]
        lengths += length
        near[name] = (share <= max(0.02, 1 / (len(results) - 1))) & (
            length > 0
        )
    surprise /= np.sqrt(np.maximum(noise, 1))
    likeness /= np.maximum(lengths, 1)
    digests = np.unique([r["digest"] for r in results], return_inverse=True)[1]
    same = (digests[first] == digests[second]) & (likeness > 0)
    striking = (surprise > _STANDS_OUT * np.log(len(first))) | same
    order = np.lexsort((second, first, -surprise.round(6), ~same))
    listed = [k for k in order if striking[k]][:MOST_PAIRS]
    return [
        {
            "students": [results[first[k]], results[second[k]]],
            "likeness": round(float(likeness[k]), 3),
            "usual": round(float(np.median(likeness)), 3),
            "nearest": [name for name in names if near[name][k]],
            "same_file": bool(same[k]),
        }
        for k in listed
    ]


def _share_as_near(match: np.ndarray) -> np.ndarray:
    """Return which share of the others is at least as near as this one.

    Of two students the one counts who has more such neighbours: the answer
    that half a class has says nothing about anybody.
    """
    others = len(match) - 1
    match = match.copy()
    np.fill_diagonal(match, -1)
    nearer = [
        others + 1 - np.searchsorted(np.sort(row), row, side="left")
        for row in match
    ]
    share = np.minimum(nearer, others) / others
    return np.maximum(share, share.T)


def _answers(code: str, questions: list[str]) -> dict[str, array]:
    """Return what was written for each question, as one number a token."""
    rest, found = [], {}
    for part in _TOP_LEVEL.split(code[:_LONGEST_CODE]):
        definition = _DEFINITION.match(part)
        if definition and definition[1] in questions:
            found[definition[1]] = part
        else:
            rest.append(part)
    found[_REST] = "".join(rest)
    tokens = {name: _tokens(part) for name, part in found.items()}
    return {
        name: array(
            "L", [zlib.crc32(token.encode(errors="replace")) for token in each]
        )
        for name, each in tokens.items()
        if "NotImplementedError" not in each[-4:]
    }


def _tokens(source: str) -> list[str]:
    """Return the tokens that a change of names or layout leaves as they are.

    Attributes and built-in names stay, because nobody can rename them. Of
    damaged code there is as much as can be read.
    """
    tokens, begins, last = [], True, ""
    lines = io.StringIO(source).readline
    try:
        for token in itertools.islice(
            tokenize.generate_tokens(lines), 2 * _LONGEST_ANSWER
        ):
            if token.type in _LAYOUT:
                begins = begins or token.type == tokenize.NEWLINE
                continue
            documents = begins and token.type == tokenize.STRING
            begins = False
            if documents:
                continue
            tokens.append(_plain(token, last))
            last = token.string
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass
    return tokens[:_LONGEST_ANSWER]


def _plain(token: tokenize.TokenInfo, last: str) -> str:
    if token.type == tokenize.STRING:
        return '""'
    if token.type == tokenize.NUMBER:
        return "0"
    if token.type == tokenize.NAME and token.string not in _KNOWN:
        return token.string if last == "." else "name"
    return token.string
