"""How a kernel of this environment starts: `make venv` puts this file where IPython looks for it.

The chapters store no version of Python, so a kernel names none: opening a chapter changes nothing.
"""

c = get_config()  # noqa: F821
c.IPKernelApp.exec_lines = ["get_ipython().kernel.language_info.pop('version', None)"]
