#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The manual pages. Those of sections 1, 4 and 7 stand in Documentation/man/, those of
section 3 are made from the comments in the library's header, one for each symbol.

    man_pages.py DIRECTORY      writes all pages into DIRECTORY/manN/

A page in Documentation/man/ has @VERSION@ and @DATE@ in its first line. A line
`.\\" include commands` becomes the commands of the device, from the kernel's header.
"""

import datetime
import functools
import os
import pathlib
import re
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from header_comments import ERRNO, Header, terms_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "Documentation/man"
LIBRARY = ROOT / "lib/include/sockdup.h"
KERNEL = ROOT / "uapi/linux/sockdup.h"

# Whose errors the kernel's header explains under another name.
COMMAND_OF = {"sockdup_duplicate": "sockdup_export",
              "sockdup_duplicate_pidfd": "sockdup_export",
              "sockdup_duplicate_user": "sockdup_export",
              "sockdup_duplicate_cgroup": "sockdup_export",
              "sockdup_socket": "sockdup_import", "sockdup_revoke_id": "sockdup_revoke"}
# Groups of functions that do not open the library's handle, and list all their errors.
NO_DEVICE = {"Inboxes", "Names of AF_UNIX sockets", "The text form", "Netlink"}

INLINE = re.compile(r"@(?P<argument>\w+)"
                    r"|&?(?:(?P<tag>enum|struct) )(?P<type>sockdup_\w+)"
                    r"|(?P<function>\w+)\(\)"
                    r"|(?P<page>\w+)\((?P<section>[1-8])\)"
                    r"|(?P<constant>\b[A-Z]+_[A-Z0-9_]+\*?|\bE[A-Z0-9]{3,}\b)"
                    r"|(?P<header><[\w./]+>)"
                    r"|(?P<file>/(?:dev|proc|sys)(?:/[\w./]*\w)?)")


@functools.cache
def library():
    return Header(LIBRARY)


@functools.cache
def kernel():
    return Header(KERNEL)


def version():
    source = (ROOT / "kmod/main.c").read_text()
    return re.search(r'MODULE_VERSION\("(.*)"\)', source)[1]


def date(source):
    """When the source last changed, or what a reproducible build says."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or source.stat().st_mtime
    return datetime.datetime.fromtimestamp(int(float(seconds)),
                                           datetime.timezone.utc).strftime("%Y-%m-%d")


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def prose(text):
    """Like escape(), but a hyphen in a word stays a hyphen."""
    text = re.sub(r"(?<=\w)-(?=\w)", "\0", text.replace("\\", "\\e"))
    text = text.replace("-", "\\-").replace("\0", "-")
    return "\\&" + text if text[:1] in (".", "'") else text


def inline(text):
    """One line of text with its names in bold or italics."""
    out = []
    last = 0
    for found in INLINE.finditer(text):
        out.append(prose(text[last:found.start()]))
        last = found.end()
        if found["argument"]:
            out.append(rf"\fI{found['argument']}\fP")
        elif found["type"]:
            out.append(rf"\fI{found['tag']} {found['type']}\fP")
        elif found["function"]:
            section = section_of(found["function"])
            out.append(rf"\fB{found['function']}\fP({section})")
        elif found["page"]:
            out.append(rf"\fB{found['page']}\fP({found['section']})")
        elif found["constant"]:
            out.append(rf"\fB{found['constant']}\fP")
        elif found["header"]:
            out.append(rf"\fI{found['header']}\fP")
        else:
            out.append(rf"\fI{found['file']}\fP")
    return "".join(out) + prose(text[last:])


def section_of(function):
    if library().find(function, "function"):
        return "3"
    return ""


def sentences(text):
    """Text as lines of man(7): each sentence begins one, and none is long."""
    lines = []
    for sentence in re.split(r"(?<=[a-z)][.:?]) (?=[A-Z@])", text):
        lines += textwrap.wrap(inline(sentence), 78, break_long_words=False,
                               break_on_hyphens=False)
    return [r"\&" + line if line[0] in ".'" else line for line in lines]


def block_lines(block):
    """A block of a comment, in lines of man(7)."""
    if block[0] == "text":
        return [".PP"] + sentences(block[1])
    if block[0] == "item":
        return [".IP \\(bu 2"] + sentences(block[1])
    if block[0] == "term":
        return term(block[1], block[2])
    return code(block[1])


def blocks_lines(blocks):
    """Blocks one after the other. A section's first paragraph needs no request."""
    lines = [line for block in blocks for line in block_lines(block)]
    return lines[1:] if lines[:1] == [".PP"] else lines


def code(lines):
    return [".PP", ".RS 4", ".nf"] + [escape(line.expandtabs(8)) for line in lines] + \
        [".fi", ".RE"]


def term(name, text):
    return [".TP", rf"\fB{name}\fP"] + sentences(text)


def argument(name, text):
    return [".TP", rf"\fI{name}\fP"] + sentences(text)


def heading(title, lines):
    return [f".SH {title}"] + lines if lines else []


def prototype(declaration):
    """A function's declaration, in its own lines: bold, and its parameters in italics."""
    lines = [escape(line.expandtabs(8)) for line in declaration.split("\n")]
    return [r"\fB" + re.sub(r"(?!void\b)(\w+)(?=(?:\[\w+\])?[,)])", r"\\fI\1\\fB", line) +
            r"\fP" for line in lines]


def declaration(symbol):
    """The lines of a declaration, with the tabs of its source."""
    if symbol.kind == "function":
        return prototype(symbol.declaration)
    return [escape(line.expandtabs(8)) for line in symbol.declaration.split("\n")]


def find_type(name):
    return library().find(name, "struct", "enum", "typedef") or \
        kernel().find(name, "struct", "enum")


def types_in(text):
    """The documented types that a declaration names, in order."""
    names = re.findall(r"\b(?:struct|enum) (sockdup_\w+)|\b(sockdup_\w+_callback)\b", text)
    return [name for name in dict.fromkeys(a or b for a, b in names) if find_type(name)]


def functions_in(symbol):
    """The library's functions that a comment names."""
    text = str(symbol.parameters + symbol.body + symbol.returns)
    return [name for name in re.findall(r"\b(sockdup_\w+)\(\)", text)
            if library().find(name, "function")]


def macros_of(symbol):
    """The constants that a function's comment names, by themselves or as PREFIX_*."""
    text = " ".join([text for _, text in symbol.parameters] +
                    [str(part) for block in symbol.body + symbol.returns for part in block])
    names = set(re.findall(r"\b[A-Z]\w+_\w+\b", text))
    prefixes = tuple(re.findall(r"\b([A-Z]\w+_)\*", text))
    return [macro for header in (library(), kernel()) for macro in header.documented("macro")
            if macro.name in names or prefixes and macro.name.startswith(prefixes)]


def explained(header, errno, name, seen=()):
    """What an errno means to a struct of the kernel's header."""
    symbol = header.find(name, "struct")
    text = symbol.terms().get(errno) if symbol else None
    other = re.match(r"as for SOCKDUP_IOC_(\w+)$", text or "")
    if other and name not in seen:
        return explained(header, errno, "sockdup_" + other[1].lower(), (*seen, name))
    return text or terms_of(header.preamble).get(errno)


def errors_of(function):
    """Each errno of a function with its meaning."""
    bare = function.returns[0][1] if function.returns else ""
    errors = {}
    for other in re.findall(r"(sockdup_\w+)\(\)", bare):
        for errno, text in errors_of(library().find(other, "function")).items():
            errors[errno] = f"{errors[errno]}; {text}" if errors.get(errno, text) != text \
                else text
    command = COMMAND_OF.get(function.name, function.name)
    for errno in ERRNO.findall(bare):
        errors[errno] = explained(kernel(), errno, command) or \
            terms_of(library().preamble).get(errno)
    errors.update(function.terms())
    missing = [errno for errno, text in errors.items() if not text]
    if missing:
        sys.exit(f"{function.name}: nothing explains {', '.join(missing)}")
    return errors


def returned(function):
    """What a function returns, without the list of errors that follows it."""
    text = function.returns[0][1] if function.returns else ""
    success, is_failing, errors = text.partition(" with errno:")
    if not is_failing:
        return sentences(text) if text else []
    return sentences(success) + [r"with \fIerrno\fP set."] + \
        sentences(errors.partition(". ")[2])


def constants(symbol):
    lines = []
    for macro in macros_of(symbol):
        value = macro.declaration.split(None, 2)[2]
        lines += term(f"{macro.name}\\fP (\\fB{escape(value)}\\fP)\\fB", macro.body[0][1])
    return lines


def type_lines(symbol, with_body=True):
    """A struct or enum: its declaration, then what each part is."""
    lines = [".PP", ".RS 4", ".nf"] + declaration(symbol) + [".fi", ".RE"]
    for name, text in symbol.parameters:
        lines += term(name, text) if symbol.kind == "enum" else argument(name, text)
    return lines + [line for block in symbol.body if with_body for line in block_lines(block)]


def title_line(name, section, source, manual):
    return f'.TH {name.upper()} {section} {date(source)} "sockdup {version()}" "{manual}"'


def see_also(*pages):
    *others, (last, section) = pages
    return [".ad l", ".nh"] + [f".BR {name} ({number})," for name, number in others] + \
        [f".BR {last} ({section})"]


def page_of(symbol, group, with_type=None):
    """The page of one symbol of the library."""
    is_function = symbol.kind == "function"
    source = LIBRARY if library().find(symbol.name, symbol.kind) else KERNEL
    include = "<sockdup.h>"
    lines = [title_line(symbol.name, 3, source, "sockdup library"),
             '.\\" Made from the comments in the header; see Documentation/man_pages.py.']
    lines += heading("NAME", [f"{symbol.name} \\- {prose(symbol.brief)}"])
    synopsis = [".nf", f".B #include {include}", ".PP"]
    synopsis += declaration(symbol) if symbol.kind in ("function", "typedef") else \
        [f".B {symbol.kind} {symbol.name};"]
    lines += heading("SYNOPSIS", synopsis + [".fi"])
    if is_function or symbol.kind == "typedef":
        lines += heading("ARGUMENTS", [line for name, text in symbol.parameters
                                       for line in argument(name, text)])
        lines += heading("DESCRIPTION", blocks_lines([block for block in symbol.body]))
    else:
        lines += heading("DESCRIPTION", type_lines(symbol)[1:])
    if with_type:
        lines += heading("THE STRUCT", type_lines(with_type, with_body=False)[1:])
    lines += heading("CONSTANTS", constants(symbol))
    lines += heading("RETURN VALUE", returned(symbol))
    if is_function and errors_of(symbol):
        lines += heading("ERRORS", errors_lines(symbol, group))
    lines += heading("NOTES", blocks_lines(without_terms(group.body)))
    others = [(other, "3") for other in types_in(symbol.declaration) + functions_in(symbol)
              if other != symbol.name]
    others += [(other.name, "3") for other in group.symbols
               if other.kind == "function" and other.name != symbol.name]
    others = sorted(dict.fromkeys(others)) + [("libsockdup", "3"), ("sockdup", "7")]
    return lines + heading("SEE ALSO", see_also(*others))


def without_terms(blocks):
    """What is left of a text without its list of errors, and the words before that."""
    return [block for block, after in zip(blocks, blocks[1:] + [("end",)])
            if "term" not in (block[0], after[0] if block[0] == "text" else "")]


def errors_lines(function, group):
    lines = [line for errno, text in errors_of(function).items()
             for line in term(errno, text)]
    if group.title in NO_DEVICE:
        shared = [block for block in group.body if block[0] == "term"]
        intro = "The functions of netlink share these errors:"
    else:
        shared = [block for block in library().preamble if block[0] == "term"]
        intro = "If the library has to open the device for the call, also:"
    if shared:
        lines += [".PP", intro] + [line for block in shared for line in block_lines(block)]
    return lines


def library_page():
    """The page of the library as a whole: the header's first comment, and a list."""
    lines = [title_line("libsockdup", 3, LIBRARY, "sockdup library"),
             '.\\" Made from the comments in the header; see Documentation/man_pages.py.']
    name, brief = library().preamble[0][1].split(": ", 1)
    lines += heading("NAME", [f"{name} \\- {prose(brief.rstrip('.'))}"])
    lines += heading("SYNOPSIS", [".nf", ".B #include <sockdup.h>", ".PP",
                                  ".B cc program.c $(pkg\\-config \\-\\-cflags "
                                  "\\-\\-libs libsockdup)", ".fi"])
    lines += heading("DESCRIPTION", blocks_lines(library().preamble[1:]))
    for group in library().groups:
        functions = [symbol for symbol in group.symbols if symbol.kind == "function"]
        if functions:
            lines += [f".SS {group.title}"]
            for function in functions:
                lines += [".TP", rf"\fB{function.name}\fP(3)", prose(function.brief)]
    macros = library().documented("macro") + [
        macro for macro in kernel().documented("macro")]
    lines += heading("CONSTANTS", [line for macro in macros for line in
                                   term(macro.name, " ".join(block[1] for block in macro.body))])
    return lines + heading("SEE ALSO", see_also(("sockdup", "1"), ("sockdup", "4"),
                                                ("sockdup", "7")))


def library_pages():
    """{name: lines} of section 3."""
    pages = {"libsockdup": library_page()}
    kinds = ("function", "struct", "enum", "typedef")
    for group in library().groups:
        for symbol in group.symbols:
            if symbol.kind == "function":
                pages[symbol.name] = page_of(symbol, group,
                                             library().find(symbol.name, "struct") or
                                             kernel().find(symbol.name, "struct")
                                             if symbol.name in types_in(symbol.declaration)
                                             else None)
            elif symbol.kind in kinds and not library().find(symbol.name, "function"):
                pages[symbol.name] = page_of(symbol, group)
    for symbol in shared_types(pages):
        pages[symbol.name] = page_of(symbol, library().groups[0])
    return pages


def shared_types(pages):
    """Types of the kernel's header that the library's declarations name."""
    names = types_in(library().text)
    names += [name for symbol in kernel().documented("struct") if symbol.name in names
              for name in re.findall(r"&enum (\w+)", str(symbol.parameters))]
    return [kernel().find(name, "struct", "enum") for name in dict.fromkeys(names)
            if name not in pages and kernel().find(name, "struct", "enum")]


def command_lines():
    """The commands of the device, each with its struct and its errors."""
    lines = []
    for symbol in kernel().documented("struct"):
        command = re.search(r"argument of (SOCKDUP_IOC_\w+)", symbol.brief)
        if command:
            lines += [f".SS {command[1]}"] + type_lines(symbol)[1:]
    return lines


def written_page(source):
    """A page of Documentation/man/, with what it includes."""
    lines = []
    for line in source.read_text().split("\n"):
        if line == '.\\" include commands':
            lines += command_lines()
        elif line == '.\\" include types':
            lines += [each for name in ("sockdup_protocol_info", "sockdup_identity")
                      for each in [f".SS struct {name}"] +
                      type_lines(kernel().find(name, "struct"))[1:]]
        elif line.startswith("."):
            lines.append(line.replace("@VERSION@", version()).replace("@DATE@", date(source)))
        else:
            lines += textwrap.wrap(line, 78, break_long_words=False, break_on_hyphens=False)
    return lines


@functools.cache
def all_pages():
    """{"sockdup.1": text, ...}"""
    pages = {source.name: written_page(source) for source in sorted(PAGES.glob("*.[1-9]"))}
    pages.update({f"{name}.3": lines for name, lines in library_pages().items()})
    return {name: "\n".join(lines) + "\n" for name, lines in pages.items()}


def main(directory):
    for name, text in all_pages().items():
        page = pathlib.Path(directory) / f"man{name[-1]}" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
