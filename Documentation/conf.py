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

extensions = ["behaviours", "man_html", "netlink_spec"]
exclude_patterns = ["licenses", "examples"]
highlight_language = "c"
nitpicky = True

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
