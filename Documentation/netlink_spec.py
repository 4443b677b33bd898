# SPDX-License-Identifier: GPL-2.0-only
"""
    .. netlink-spec:: netlink/specs/sockdup.yaml

shows what the specification of a netlink family says of itself: its messages with their
attributes, and its attributes with their types.
"""

import pathlib

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive


def text(*words):
    return nodes.paragraph("", " ".join(" ".join(words).split()))


def literals(names):
    """Names, with commas between them."""
    listed = []
    for name in names:
        listed += [nodes.Text(", ")] * bool(listed) + [nodes.literal("", name)]
    return listed


def labelled(label, names):
    return nodes.paragraph("", "", nodes.Text(f"{label}: "), *literals(names))


def terms(*items):
    """A definition list of (term, paragraphs)."""
    return nodes.definition_list("", *(
        nodes.definition_list_item("", nodes.term("", "", nodes.literal("", term)),
                                   nodes.definition("", *paragraphs))
        for term, paragraphs in items))


def section(title, *children):
    ident = "netlink-" + title.lower().replace(" ", "-")
    return nodes.section("", nodes.title(title, title), *children, ids=[ident], names=[ident])


def message(operation):
    """What a request, its reply and a list have, or a notification."""
    paragraphs = [text(operation.get("doc", ""))]
    for kind, label in ("do", ""), ("dump", " of a list"), ("event", ""):
        for part in "request", "reply":
            names = operation.get(kind, {}).get(part, {}).get("attributes")
            if names:
                paragraphs.append(labelled(part.capitalize() + label, names))
    event = operation.get("event", {}).get("attributes")
    return paragraphs + ([labelled("Attributes", event)] if event else [])


def attribute(entry):
    kind = entry["type"]
    if kind == "nest":
        kind = f"nest of {entry['nested-attributes']}"
    return entry["name"], [text(f"{kind}.", entry.get("doc", ""))]


class NetlinkSpec(Directive):
    required_arguments = 1

    def run(self):
        env = self.state.document.settings.env
        _, path = env.relfn2path(self.arguments[0])
        env.note_dependency(path)
        family = yaml.safe_load(pathlib.Path(path).read_text())
        operations = family["operations"]["list"]
        return [
            section("Messages", terms(*((operation["name"], message(operation))
                                        for operation in operations))),
            *(section(f"Attributes of {attributes['name']}",
                      terms(*(attribute(entry) for entry in attributes["attributes"]
                              if entry["type"] != "pad")))
              for attributes in family["attribute-sets"])]


def setup(app):
    app.add_directive("netlink-spec", NetlinkSpec)
    return {"parallel_read_safe": True}
