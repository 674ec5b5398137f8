"""A pytest plugin: kernels speak through files of their own, and no two can take the same port.

Jupyter chooses free TCP ports and gives them back before its kernel binds them, a second or so
later. Whatever opens a connection meanwhile may take one, and the kernel dies as it starts.
"""

import itertools
import tempfile

from jupyter_client.connect import ConnectionFileMixin

folder = tempfile.TemporaryDirectory(prefix="kernels-")
numbers = itertools.count()
write_connection_file = ConnectionFileMixin.write_connection_file


def write_with_sockets_of_its_own(manager: ConnectionFileMixin, **settings) -> None:
    """Write the file that tells a kernel where to listen: at names that nobody else has."""
    manager.transport, manager.ip = "ipc", f"{folder.name}/{next(numbers)}"
    write_connection_file(manager, **settings)


ConnectionFileMixin.write_connection_file = write_with_sockets_of_its_own
