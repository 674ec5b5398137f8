"""Saving and loading: the whole state of a training in one file.

The file is a zip of ``.npy`` arrays, which `numpy.load` opens too. Nothing in
it can run, whoever made it, and no state changes before all of it is read.
"""

import os
import uuid
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from nnreg.nn.optimizer import Optimizer
from nnreg.nn.sequential import Sequential


def save(path, model: Sequential, optimizer: Optimizer | None = None) -> None:
    """Write all parameters and buffers, and what the optimiser remembers.

    Parameters
    ----------
    path : str or path-like
        The file, under exactly this name: no ending is added. The old one is
        replaced in one go when the new one is complete on the disk.
    model : Sequential
    optimizer : Optimizer, optional
        To go on training: its memory and its number of steps.

    Returns
    -------
    None

    Raises
    ------
    OSError
        If the file cannot be written.
    TypeError
        If `model` or `optimizer` is something else.
    ValueError
        If a buffer holds objects.

    Notes
    -----
    The same state makes the same bytes. What the constructors were given
    (layers, penalties, rates) is not in the file, nor are random generators:
    make model and optimiser by the same code, then `load`.

    References
    ----------
    NumPy Enhancement Proposal 1, the format ``.npy``. Explained in chapter 18.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from nnreg.nn import Dense
    >>> model, fresh = (Sequential([Dense(2, 1, rng=seed)]) for seed in (0, 1))
    >>> with TemporaryDirectory() as folder:
    ...     save(folder + "/model.npz", model)
    ...     load(folder + "/model.npz", fresh)
    >>> fresh == model
    True
    """
    path = Path(os.path.realpath(path))
    states = {
        label: part.state_dict()
        for label, part in _parts(model, optimizer).items()
    }
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for label, state in states.items():
                    for name, array in state.items():
                        _write(archive, f"{label}.{name}.npy", array)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path, model: Sequential, optimizer: Optimizer | None = None) -> None:
    """Put a saved state back, in place: training goes on where it was.

    Parameters
    ----------
    path : str or path-like
        A file that `save` wrote.
    model : Sequential
        With the names, shapes and dtypes of the one that was saved.
    optimizer : Optimizer, optional
        Of the class that was saved; to be given exactly if one was.

    Returns
    -------
    None

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is cut or damaged, or not the state of such a model and such an
        optimiser: both stay as they were.
    TypeError
        If `model` or `optimizer` is something else.

    References
    ----------
    As for `save`. Explained in chapter 18.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from nnreg.nn import Dense
    >>> model = Sequential([Dense(2, 1, rng=0)])
    >>> with TemporaryDirectory() as folder:
    ...     path = folder + "/model.npz"
    ...     save(path, model)
    ...     model.theta[:] = 5.0
    ...     load(path, model)
    >>> model == Sequential([Dense(2, 1, rng=0)])
    True
    """
    parts = _parts(model, optimizer)
    with open(path, "rb") as file:
        try:
            states = _read(file, parts)
            for label in reversed(parts):  # the optimiser may still refuse
                parts[label].load_state_dict(states[label])
        except Exception as error:  # the file may hold anything
            raise ValueError(f"{path} cannot be loaded: {error}") from error


def _parts(model, optimizer) -> dict:
    """Return what has a state, by the label of its arrays in the file."""
    if not isinstance(model, Sequential):
        raise TypeError(f"model must be a Sequential, got {model!r}")
    if optimizer is None:
        return {"model": model}
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an Optimizer, got {optimizer!r}")
    return {"model": model, type(optimizer).__name__: optimizer}


def _write(archive, name: str, array: np.ndarray) -> None:
    info = zipfile.ZipInfo(name)  # without the date of today
    with archive.open(info, "w", force_zip64=True) as member:
        npy.write_array(member, array, allow_pickle=False)


def _read(file, parts: dict) -> dict[str, dict]:
    """Return the states in the file, if each array is like one of ours."""
    model = parts["model"]
    own, found = model.state_dict(), {label: {} for label in parts}
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            label, _, name = info.filename.removesuffix(".npy").partition(".")
            fits = label in found and (label != "model" or name in own)
            if not fits or name in found[label]:
                raise ValueError(
                    f"{info.filename!r} has no place in {' and '.join(parts)}"
                )
            found[label][name] = info
        if missing := own.keys() - found["model"].keys():
            raise ValueError(f"it holds no {sorted(missing)} of the model")
        states = {}
        for label, infos in found.items():
            # All that an optimiser remembers is like theta, but for its steps.
            like = dict.fromkeys(infos, model.theta)
            like["steps"] = np.array(0, np.int64)
            if label == "model":
                like = own
            states[label] = {
                name: _array(archive, info, like[name])
                for name, info in infos.items()
            }
    return states


def _array(archive, info, like: np.ndarray) -> np.ndarray:
    """Return an array of the file, if it has our shape and dtype.

    They are read before it: a file may declare any size.
    """
    name = info.filename
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name!r} must not be compressed")
    with archive.open(info) as member:
        version = npy.read_magic(member)
        if version != (1, 0):
            raise ValueError(f"{name!r} must be .npy 1.0, got {version}")
        shape, _, dtype = npy.read_array_header_1_0(member)
    native = dtype.newbyteorder("="), like.dtype.newbyteorder("=")
    if shape != like.shape or native[0] != native[1]:
        raise ValueError(
            f"{name!r} must be {like.dtype} of shape {like.shape}, got "
            f"{dtype} of shape {shape}"
        )
    with archive.open(info) as member:
        array = npy.read_array(member, allow_pickle=False)
        if member.read(1):
            raise ValueError(f"{name!r} must end with its numbers")
    return array.astype(like.dtype, copy=False)  # in our order of bytes
