# SPDX-License-Identifier: GPL-2.0-only
"""
What a header says of itself: its kernel-doc comments, each with its declaration.

    header = Header(path)
    header.preamble             blocks of the comment that the file begins with
    header.groups               what "DOC:" comments begin, with title and blocks
    header.symbols["NAME"]      a list, as a function and a struct may share a name

A block is a tuple: ("text", text), ("item", text), ("term", terms, text) for a line such
as "ENOENT  there is none", or ("code", lines).
"""

import re
from dataclasses import dataclass, field

COMMENT = re.compile(r"^/\*(\*?)[ \n](.*?)\*/[ \t]*\n", re.S | re.M)
HEAD = re.compile(r"(?:(struct|enum|typedef) )?(\w+) - (.*)")
TERM = re.compile(r" (E[A-Z0-9]+(?:, E[A-Z0-9]+)*) +(.*)")
ITEM = re.compile(r" *- (.*)")
PARAMETER = re.compile(r"@(\w+): (.*)")
DEFINE = re.compile(r"#define[ \t]+(\w+)[ \t]+([^\n]*?)(?:[ \t]*/\*.*)?\n")
ERRNO = re.compile(r"\bE[A-Z0-9]{2,}\b")


@dataclass
class Symbol:
    """A function, struct, enum, typedef or macro."""
    kind: str
    name: str
    brief: str
    declaration: str
    parameters: list = field(default_factory=list)
    body: list = field(default_factory=list)
    returns: list = field(default_factory=list)

    def terms(self):
        """What each errno means, by the lists in the comment."""
        return terms_of(self.body + self.returns)


@dataclass
class Group:
    title: str
    body: list
    symbols: list = field(default_factory=list)


def terms_of(blocks):
    return {term: block[2] for block in blocks if block[0] == "term"
            for term in block[1].split(", ")}


def blocks_of(lines):
    """Put the lines of a comment together to blocks."""
    blocks = []
    begin = True
    for line in lines:
        if not line.strip():
            begin = True
            continue
        last = blocks[-1] if blocks else None
        if line.startswith("\t"):
            if last and last[0] == "code":
                last[1].extend(([""] if begin else []) + [line[1:]])
            else:
                blocks.append(("code", [line[1:]]))
        elif TERM.match(line):
            blocks.append(("term",) + TERM.match(line).groups())
        elif ITEM.match(line):
            blocks.append(("item", ITEM.match(line)[1]))
        elif begin or last[0] == "code":
            blocks.append(("text", line.strip()))
        else:
            blocks[-1] = last[:-1] + (f"{last[-1]} {line.strip()}",)
        begin = False
    return blocks


def lines_of(comment):
    return [re.sub(r"^ \* ?", "", line).rstrip() for line in comment.split("\n")]


def fill(symbol, lines):
    """Sort the lines below a comment's first: parameters, text, and what is returned."""
    rest = []
    for line in lines:
        parameter = PARAMETER.match(line)
        if parameter:
            symbol.parameters.append(list(parameter.groups()))
        elif not rest and symbol.parameters and line.startswith("  "):
            symbol.parameters[-1][1] += " " + line.strip()
        elif line or rest:
            rest.append(line)
    place = next((n for n, line in enumerate(rest) if line.startswith("Return: ")), len(rest))
    symbol.body = blocks_of(rest[:place])
    symbol.returns = blocks_of([line.removeprefix("Return: ") for line in rest[place:]])


def declaration_of(kind, text):
    """The C that follows a comment: a struct or enum to its brace, else to a semicolon."""
    end = r".*?\n\};" if kind in ("struct", "enum") else r".*?;"
    return re.match(end, text, re.S)[0]


class Header:
    def __init__(self, path):
        self.text = path.read_text()
        self.preamble = []
        self.groups = [Group("", [])]
        self.symbols = {}
        for comment in COMMENT.finditer(self.text):
            self.take(comment, self.text[comment.end():])

    def take(self, comment, after):
        lines = lines_of(comment[2].strip("\n"))
        define = DEFINE.match(after)
        head = HEAD.match(lines[0])
        if comment[1] and lines[0].startswith("DOC: "):
            self.groups.append(Group(lines[0][5:], blocks_of(lines[1:])))
        elif comment[1] and head:
            kind = head[1] or "function"
            symbol = Symbol(kind, head[2], head[3], declaration_of(kind, after))
            fill(symbol, lines[1:])
            self.add(symbol)
        elif define:
            self.add(Symbol("macro", define[1], "", define[0].strip(), body=blocks_of(lines)))
        elif not self.preamble and not lines[0].startswith("SPDX"):
            self.preamble = blocks_of(lines)

    def add(self, symbol):
        self.symbols.setdefault(symbol.name, []).append(symbol)
        self.groups[-1].symbols.append(symbol)

    def find(self, name, *kinds):
        """The symbol of this name and of one of these kinds, or None."""
        return next((symbol for symbol in self.symbols.get(name, [])
                     if not kinds or symbol.kind in kinds), None)

    def documented(self, *kinds):
        return [symbol for group in self.groups for symbol in group.symbols
                if symbol.kind in kinds]
