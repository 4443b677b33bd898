# SPDX-License-Identifier: GPL-2.0-only
"""
Shows the manual pages among the others, by mandoc:

    .. man:: sockdup.1          one page; its headings become the document's
    .. man-library::            the pages of section 3, by the header's groups

:man:`sockdup_open(3)` links to one of them, and so does ``sockdup_open()`` on each page.
"""

import re
import subprocess

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.util import logging

import man_pages

logger = logging.getLogger(__name__)

# The document that shows the pages of a section, and those that stand for one page.
DOCUMENTS = {"1": "command", "3": "library", "4": "device", "7": "concepts"}
INSTEAD = {"sockdup-winsock.7": "winsock.html"}
OPEN = re.compile(r'<section class="S[hs]">')
HEADING = re.compile(r'<h[12] class="S[hs]"[^>]*>(.*?)</h[12]>\n?', re.S)
MENTION = re.compile(r"<b>([\w-]+)</b>\(([1-8])\)")
SOURCES = [man_pages.LIBRARY, man_pages.KERNEL, man_pages.ROOT / "kmod/main.c"]


def anchor(name, section, *parts):
    return re.sub(r"[^a-z0-9]+", "-", "-".join((name, section) + parts).lower())


def link(found):
    name, section = found.groups()
    page = f"{name}.{section}"
    if page not in man_pages.all_pages():
        return found[0]
    address = INSTEAD.get(page, f"{DOCUMENTS[section]}.html#{anchor(name, section)}")
    return f'<a href="{address}">{name}({section})</a>'


def fragment(page):
    """A page as HTML, without what it has in common with all others."""
    html = subprocess.run(["mandoc", "-T", "html", "-O", "fragment"], text=True, check=True,
                          input=man_pages.all_pages()[page], capture_output=True).stdout
    html = re.search(r'<div class="manual-text">\n(.*)</div>\s*<table class="foot"', html,
                     re.S)[1]
    html = re.sub(r'<a class="permalink"[^>]*>(.*?)</a>', r"\1", html, flags=re.S)
    html = re.sub(r'(<(?:dt|h1|h2)[^>]*?) id="[^"]*"', r"\1", html)
    return MENTION.sub(link, html)


def raw(html):
    return [nodes.raw("", f'<div class="man">\n{html}</div>', format="html")] \
        if html.strip() else []


def title_of(heading):
    """A heading as a document has it: sections of manual pages have capitals."""
    text = " ".join(re.sub(r"<[^>]*>", "", heading).split())
    return text.capitalize() if text.isupper() else text


def parts_of(html):
    """The sections of some HTML as (title, HTML below it), sections of its own included."""
    depth = 0
    start = 0
    for token in re.finditer(r'<section class="S[hs]">\n|</section>\n?', html):
        if token[0].startswith("<section"):
            start = token.end() if not depth else start
            depth += 1
            continue
        depth -= 1
        if not depth:
            body = html[start:token.start()]
            heading = HEADING.match(body)
            yield title_of(heading[1]), body[heading.end():]


def section(title, ident, children):
    return nodes.section("", nodes.title(title, title), *children, ids=[ident],
                         names=[ident])


def sections(html, name, number, *path):
    """Docutils sections of a page's sections, so that they are in the table of contents."""
    found = []
    for title, body in parts_of(html):
        inner = OPEN.search(body)
        found.append(section(title, anchor(name, number, *path, title),
                             raw(body[:inner.start()] if inner else body) +
                             (sections(body[inner.start():], name, number, *path, title)
                              if inner else [])))
    return found


class PageDirective(Directive):
    """Adds pages to the document, and tells Sphinx where they are."""

    def begin(self):
        env = self.state.document.settings.env
        for source in [*SOURCES, *man_pages.PAGES.glob("*.[1-9]")]:
            env.note_dependency(str(source))
        return env

    def register(self, env, page, title):
        name, number = page.rsplit(".", 1)
        label = f"man-{name}-{number}"
        domain = env.get_domain("std")
        domain.anonlabels[label] = env.docname, anchor(name, number)
        domain.labels[label] = env.docname, anchor(name, number), title


class Page(PageDirective):
    required_arguments = 1

    def run(self):
        env = self.begin()
        page = self.arguments[0]
        name, number = page.rsplit(".", 1)
        self.register(env, page, name)
        target = nodes.target("", "", ids=[anchor(name, number)])
        return [target] + sections(fragment(page), name, number)[1:]


class Library(PageDirective):
    def run(self):
        env = self.begin()
        return [self.group(env, title, pages) for title, pages in groups()]

    def group(self, env, title, pages):
        return section(title, anchor("library", title),
                       [self.page(env, page) for page in pages])

    def page(self, env, page):
        name, number = page.rsplit(".", 1)
        self.register(env, page, name)
        (_, brief), *parts = parts_of(fragment(page))
        brief = re.sub(r"<[^>]*>", "", brief).partition(" - ")[2].strip()
        children = [nodes.paragraph("", brief[0].upper() + " ".join(brief[1:].split()) + ".")]
        for title, html in parts:
            children += [nodes.rubric("", title)] + raw(html)
        return section(name, anchor(name, number), children)


def groups():
    """(title, pages) of the library: its functions by the header's groups, then the types."""
    done = {"libsockdup.3"}
    for group in man_pages.library().groups:
        pages = [f"{symbol.name}.3" for symbol in group.symbols if symbol.kind == "function"]
        done.update(pages)
        if pages:
            yield group.title, pages
    yield "Types", sorted(page for page in man_pages.all_pages()
                          if page.endswith(".3") and page not in done)


def reference(label, docname, *children):
    return addnodes.pending_xref("", *children, refdomain="std", reftype="ref",
                                 reftarget=label, refexplicit=True, refwarn=True,
                                 refdoc=docname)


def man_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    page = re.fullmatch(r"([\w-]+)\((\d)\)", text)
    return [reference(f"man-{page[1]}-{page[2]}" if page else text,
                      inliner.document.settings.env.docname, nodes.literal("", text))], []


def link_functions(app, doctree):
    for literal in list(doctree.findall(nodes.literal)):
        function = re.fullmatch(r"(sockdup_\w+)\(\)", literal.astext())
        if function and f"{function[1]}.3" in man_pages.all_pages() and \
                not isinstance(literal.parent, (addnodes.pending_xref, nodes.title)):
            literal.replace_self(reference(f"man-{function[1]}-3", app.env.docname,
                                           literal.deepcopy()))


def setup(app):
    app.add_directive("man", Page)
    app.add_directive("man-library", Library)
    app.add_role("man", man_role)
    app.connect("doctree-read", link_functions)
    return {"parallel_read_safe": True}
