# SPDX-License-Identifier: GPL-2.0-only
"""
Ties the behaviours that winsock.rst lists to the tests that show them:

    W53
       What holds.

    W62
       What will hold one day.

       *No test:* the reason.

Below each behaviour come its tests: those below selftests/ whose names start
with its number, as in W53_last_close_ends_it or, for two at once,
W53_W54_both. It is a warning, and under sphinx-build -W an error, if a
behaviour has neither tests nor a reason, or both; if a test is of a behaviour
that is not listed; and if a number is left out or comes twice.

Tests of the Python package are methods test_NAME of the classes of
selftests/python/, and go by the class's name in small letters and theirs.

Elsewhere the role :test:`deadline hostile.*` names tests by program, fixture
and name; what matches no test is a warning likewise.
"""

import fnmatch
import functools
import pathlib
import re

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)

PAGE = "winsock"
SELFTESTS = pathlib.Path(__file__).resolve().parent.parent / "selftests"
TEST = re.compile(r"^TEST\w*\((?:\s*(\w+)\s*,)?\s*(\w+)", re.M)
PYTHON_TEST = re.compile(r"^class (\w+)\(|^    def test_(\w+)\(", re.M)
NUMBERS = re.compile(r"(?:[WX]\d+_)+")
NUMBER = re.compile(r"[WX]\d+")
NO_TEST = "No test:"


@functools.cache
def all_tests():
    """['sharing tcp.W53_...', ...]"""
    tests = []
    for source in sorted(SELFTESTS.rglob("*.c")):
        for fixture, name in TEST.findall(source.read_text()):
            tests.append(f"{source.stem} {fixture + '.' if fixture else ''}{name}")
    for source in sorted(SELFTESTS.glob("python/*")):
        fixture = None
        for group, name in PYTHON_TEST.findall(source.read_text()):
            fixture = group.lower() or fixture
            if name:
                tests.append(f"{source.name} {fixture}.{name}")
    return tests


def numbered_tests():
    """{'W53': ['sharing tcp.W53_...', ...], ...}"""
    tests = {}
    for test in all_tests():
        numbers = NUMBERS.match(re.split(r"[ .]", test)[-1])
        for number in NUMBER.findall(numbers[0] if numbers else ""):
            tests.setdefault(number, []).append(test)
    return tests


def test_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Text that names a test, or some by a pattern, and is checked."""
    if not fnmatch.filter(all_tests(), text):
        logger.warning("no test is named %s", text,
                       location=(inliner.document.settings.env.docname, lineno))
    return [nodes.literal(rawtext, text)], []


def test_list(tests):
    paragraph = nodes.paragraph("", "", nodes.emphasis("", "Tests:"))
    for index, name in enumerate(tests):
        paragraph += [nodes.Text(", " if index else " "),
                      nodes.literal("", name)]
    return paragraph


def complete(item, number, tests):
    """Give one behaviour its anchor and its tests."""
    reason = any(node.astext() == NO_TEST
                 for node in item.findall(nodes.emphasis))

    item[0]["ids"].append(number.lower())
    if tests and reason:
        logger.warning("%s is said to have no test and has %s", number,
                       tests[0], location=item)
    elif tests:
        item[-1] += test_list(tests)
    elif not reason:
        logger.warning("%s has no test", number, location=item)


def check_numbers(numbers, tests):
    for letter in "WX":
        listed = [name for name in numbers if name[0] == letter]
        for place, name in enumerate(listed, 1):
            if name != f"{letter}{place}":
                logger.warning("%s stands in the place of %s%d", name, letter,
                               place, location=PAGE)
                break
    for number in sorted(tests.keys() - set(numbers)):
        logger.warning("%s is not listed and has a test, %s", number,
                       tests[number][0], location=PAGE)


def process_page(app, doctree):
    if app.env.docname != PAGE:
        return
    app.env.note_reread()
    tests = numbered_tests()
    numbers = []
    for item in doctree.findall(nodes.definition_list_item):
        number = item[0].astext()
        if NUMBER.fullmatch(number):
            complete(item, number, tests.get(number, []))
            numbers.append(number)
    check_numbers(numbers, tests)


def setup(app):
    app.connect("doctree-read", process_page)
    app.add_role("test", test_role)
    return {"parallel_read_safe": True}
