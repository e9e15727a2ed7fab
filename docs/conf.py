"""How the documentation is built: Markdown pages, and a reference that is read from the code."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Affluence"
author = "The Affluence authors"
release = version_of("affluence")
html_title = f"{project} {release}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "_ext.from_code"]
exclude_patterns = ["_build", "_ext"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# A word in single backticks is code in our docstrings, as it is in Markdown.
default_role = "literal"
autodoc_default_options = {"members": True, "member-order": "bysource", "exclude-members": "model_config"}
autodoc_typehints = "signature"

html_theme = "furo"
html_copy_source = False
html_show_copyright = False
html_show_sourcelink = False
