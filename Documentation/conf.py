# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx settings: sphinx-build -W -b html Documentation build/docs"""

import pathlib
import re
import sys
import types

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here))
# The Python package, whose docstrings autodoc reads.
package = here.parent / "lib" / "python"
sys.path.insert(0, str(package))
sys.dont_write_bytecode = True


def module_version():
    source = (here.parent / "kmod" / "main.c").read_text()
    return re.search(r'MODULE_VERSION\("(.*)"\)', source).group(1)


def stand_in():
    """What the package needs of its extension to be read, so that none is built:
    the names of its numbers, by its stub."""
    module = types.ModuleType("sockdup._sockdup")
    stub = (package / "sockdup" / "_sockdup.pyi").read_text()
    for bit, name in enumerate(re.findall(r"^(SOCKDUP_\w+): int$", stub, re.M)):
        setattr(module, name, 1 << bit)
    return module


sys.modules["sockdup._sockdup"] = stand_in()

project = "sockdup"
author = "The sockdup developers"
copyright = "the sockdup developers"
version = release = module_version()

extensions = ["behaviours", "man_html", "netlink_spec", "sphinx.ext.autodoc"]
exclude_patterns = ["licenses", "examples"]
highlight_language = "c"
nitpicky = True
# Python's own names are not in this manual.
nitpick_ignore_regex = [("py:.*", r"(?!sockdup).*"), ("py:.*", r"sockdup\._.*")]
autodoc_member_order = "bysource"

html_theme = "furo"
# Each of their colours can be read on its background.
pygments_style = "xcode"
pygments_dark_style = "github-dark"
html_title = f"sockdup {release}"
html_static_path = ["static"]
html_css_files = ["sockdup.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5cad", "color-brand-content": "#0b5cad"},
    "dark_css_variables": {"color-brand-primary": "#7ab8ff", "color-brand-content": "#7ab8ff"},
}
html_copy_source = False
html_show_sphinx = False
