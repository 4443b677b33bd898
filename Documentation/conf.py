# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx settings: sphinx-build -W -b html Documentation build/docs"""

import pathlib
import re
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here))
sys.dont_write_bytecode = True


def module_version():
    source = (here.parent / "kmod" / "main.c").read_text()
    return re.search(r'MODULE_VERSION\("(.*)"\)', source).group(1)


project = "sockdup"
author = "The sockdup developers"
copyright = "the sockdup developers"
version = release = module_version()

extensions = ["behaviours"]
exclude_patterns = ["licenses", "examples"]
highlight_language = "c"
nitpicky = True

html_theme = "alabaster"
html_theme_options = {"page_width": "60em"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_copy_source = False
