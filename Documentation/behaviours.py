# SPDX-License-Identifier: GPL-2.0-only
"""
Ties what the manual says to the tests that show it, and lists them on a page of their own.

The behaviours that winsock.rst lists have the tests below selftests/ whose names start
with their numbers, as in W53_last_close_ends_it or, for two at once, W53_W54_both:

    W53
       What holds.

    W62
       What will hold one day.

       *No test:* the reason.

It is a warning, and under sphinx-build -W an error, if a behaviour has neither tests nor
a reason, or both; if a test is of a behaviour that is not listed; and if a number is left
out or comes twice.

Tests of the Python package are methods test_NAME of the classes of
selftests/python/, and go by the class's name in small letters and theirs.

Elsewhere the role :test:`deadline hostile.*` behind a sentence names its tests by program,
fixture and name; what matches no test is a warning likewise. The names are seen on the
pages about the inside of sockdup, INTERNAL. Everywhere else they are taken out of the
text. The directive

    .. tested-statements::

shows all of the latter in tables, one a page, together with the behaviours.
"""

import fnmatch
import functools
import pathlib
import re

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.util import logging

logger = logging.getLogger(__name__)

PAGE = "winsock"
INTERNAL = {"architecture", "promises", "security", "testing", "performance"}
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


class tested(nodes.Inline, nodes.Element):
    """Stands where a page of the manual names a test, until it is taken out."""


class table_of_tests(nodes.General, nodes.Element):
    """Stands where the tables will be."""


def test_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Text that names a test, or some by a pattern, and is checked."""
    if not fnmatch.filter(all_tests(), text):
        logger.warning("no test is named %s", text,
                       location=(inliner.document.settings.env.docname, lineno))
    if inliner.document.settings.env.docname in INTERNAL:
        return [nodes.literal(rawtext, text)], []
    return [tested(test=text)], []


def last_sentence(text):
    return re.split(r"(?<=\.) ", " ".join(text.split()))[-1]


def before(paragraph):
    """What the text above a paragraph says, for one that has tests alone."""
    place = paragraph.parent.index(paragraph)
    for other in reversed(paragraph.parent.children[:place]):
        if isinstance(other, (nodes.paragraph, nodes.title)):
            return other.astext()
    return ""


def take_out(paragraph):
    """Yield (statement, tests) of a paragraph, and leave it without its tests."""
    said = ""
    tests = []
    for child in list(paragraph.children):
        if isinstance(child, tested):
            tests.append(child["test"])
            paragraph.remove(child)
        elif tests and re.fullmatch(r"[,\s]*", child.astext()):
            paragraph.remove(child)
        else:
            if tests:
                yield last_sentence(said) or last_sentence(before(paragraph)), tests
                said, tests = "", []
            said += child.astext()
    if tests:
        yield last_sentence(said) or last_sentence(before(paragraph)), tests
    last = paragraph.children[-1] if paragraph.children else None
    if isinstance(last, nodes.Text):
        paragraph.replace(last, nodes.Text(last.rstrip()))


def collect(app, doctree):
    """Move the names of tests from a page into the environment."""
    statements = app.env.tested_statements.setdefault(app.env.docname, [])
    for mark in list(doctree.findall(tested)):
        paragraph = mark.parent
        if paragraph is None:
            continue
        section = paragraph
        while section.parent is not None and not isinstance(section, nodes.section):
            section = section.parent
        ident = section["ids"][0] if section["ids"] else ""
        statements += [(ident, *each) for each in take_out(paragraph)]
        if not paragraph.children:
            paragraph.parent.remove(paragraph)


def complete(app, item, number, tests):
    """Give one behaviour its anchor, and note its tests."""
    reason = any(node.astext() == NO_TEST
                 for node in item.findall(nodes.emphasis))

    item[0]["ids"].append(number.lower())
    if tests and reason:
        logger.warning("%s is said to have no test and has %s", number,
                       tests[0], location=item)
    elif tests:
        app.env.tested_statements.setdefault(PAGE, []).append((number.lower(), number, tests))
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
    app.env.tested_statements[app.env.docname] = []
    collect(app, doctree)
    if app.env.docname != PAGE:
        return
    app.env.note_reread()
    tests = numbered_tests()
    numbers = []
    for item in doctree.findall(nodes.definition_list_item):
        number = item[0].astext()
        if NUMBER.fullmatch(number):
            complete(app, item, number, tests.get(number, []))
            numbers.append(number)
    check_numbers(numbers, tests)


def forget_page(app, env, docname):
    getattr(env, "tested_statements", {}).pop(docname, None)


def begin(app, env, docnames):
    if not hasattr(env, "tested_statements"):
        env.tested_statements = {}


def merge(app, env, docnames, other):
    for docname in docnames:
        if docname in other.tested_statements:
            env.tested_statements[docname] = other.tested_statements[docname]


class TestedStatements(Directive):
    def run(self):
        self.state.document.settings.env.note_reread()
        return [table_of_tests()]


def cell(*children):
    return nodes.entry("", nodes.paragraph("", "", *children))


def table(app, docname, origin, statements):
    """One page's statements, each a link to its place, and their tests."""
    uri = app.builder.get_relative_uri(origin, docname)
    rows = []
    for ident, statement, tests in statements:
        names = []
        for test in tests:
            names += [nodes.Text(", ")] * bool(names) + [nodes.literal("", test)]
        rows.append(nodes.row("", cell(nodes.reference(
            "", statement, internal=True, refuri=f"{uri}#{ident}" if ident else uri)),
            cell(*names)))
    heads = nodes.row("", cell(nodes.Text("Statement")), cell(nodes.Text("Tests")))
    widths = (12, 88) if docname == PAGE else (50, 50)
    return nodes.table("", nodes.tgroup(
        "", *(nodes.colspec(colwidth=width) for width in widths),
        nodes.thead("", heads), nodes.tbody("", *rows), cols=2), classes=["tests"])


def show_tables(app, doctree, docname):
    for place in list(doctree.findall(table_of_tests)):
        content = []
        for page, statements in app.env.tested_statements.items():
            if statements:
                title = app.env.titles[page].astext()
                content += [nodes.rubric("", title), table(app, page, docname, statements)]
        place.replace_self(content)


def setup(app):
    app.add_node(tested)
    app.add_node(table_of_tests)
    app.connect("env-before-read-docs", begin)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-merge-info", merge)
    app.connect("doctree-read", process_page)
    app.connect("doctree-resolved", show_tables)
    app.add_role("test", test_role)
    app.add_directive("tested-statements", TestedStatements)
    return {"parallel_read_safe": True}
