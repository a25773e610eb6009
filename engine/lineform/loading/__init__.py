"""From the files of a workspace to a `Project`: YAML with positions, client layers, every problem at once."""

from lineform.loading.project import Loaded, load_project, read_project
from lineform.loading.workspace import NoWorkspaceError, find_root

__all__ = ["Loaded", "NoWorkspaceError", "find_root", "load_project", "read_project"]
