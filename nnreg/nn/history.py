"""What training recorded: the data loss and the penalty, always apart."""

from dataclasses import dataclass, field

ROLES = {
    "training": {"color": "#0072B2", "linestyle": "-"},
    "validation": {"color": "#D55E00", "linestyle": "--"},
    "penalty": {"color": "#009E73", "linestyle": ":"},
}


@dataclass(repr=False)
class History:
    """One entry per recorded epoch in each list.

    Without validation data `val_…` stay empty, and `grad_norm` without a
    `clip_norm`.

    Attributes
    ----------
    epoch : list of int
    data_loss, penalty, loss : list of float
        Means over the epoch's batches, each taken before its step; ``loss =
        data_loss + penalty``.
    accuracy : list of float or None
        On the training rows, in the training pass (so with any noise that a
        layer adds).
    val_loss : list of float
        The data loss of the validation rows, after the epoch. The penalty is
        left out, because it says nothing about the rows: compare it with
        `data_loss`, not with `loss`.
    val_accuracy : list of float or None
    lr : list of float
        Learning rate of the epoch's last step.
    grad_norm : list of float
        With `clip_norm`, the largest norm of a gradient in the epoch, before
        it was clipped.

    Examples
    --------
    >>> History(epoch=[0, 1], data_loss=[1.0, 0.5], penalty=[0.25, 0.25])
      epoch     data_loss       penalty          loss
          0         1.000         0.250         1.250
          1         0.500         0.250         0.750
    """

    epoch: list[int] = field(default_factory=list)
    data_loss: list[float] = field(default_factory=list)
    penalty: list[float] = field(default_factory=list)
    accuracy: list[float | None] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float | None] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    grad_norm: list[float] = field(default_factory=list)

    def append(self, row: dict[str, float | None]) -> None:
        """Add one recorded epoch: a value for each name in `row`."""
        for name, value in row.items():
            getattr(self, name).append(value)

    @property
    def loss(self) -> list[float]:
        """Data loss plus penalty, which is what training makes smaller."""
        return [
            data + penalty
            for data, penalty in zip(self.data_loss, self.penalty, strict=True)
        ]

    def __repr__(self) -> str:
        columns = [
            "data_loss",
            "penalty",
            "loss",
            "accuracy",
            "val_loss",
            "val_accuracy",
        ]
        columns = [
            name
            for name in columns
            if (values := getattr(self, name)) and values[0] is not None
        ]
        widths = {name: max(len(name) + 2, 9) for name in columns}
        lines = [
            "epoch"
            + "".join(name.rjust(width) for name, width in widths.items())
        ]
        for row in sorted({0, len(self.epoch) - 1} if self.epoch else ()):
            cells = (
                f"{getattr(self, name)[row]:{width}.3f}"
                for name, width in widths.items()
            )
            lines.append(f"{self.epoch[row]:5d}" + "".join(cells))
        return "\n".join(lines)

    def plot(self, ax=None):
        """Draw the losses against the epoch, and return the figure.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a figure of its own. Needs matplotlib.

        Returns
        -------
        matplotlib.figure.Figure
        """
        if ax is None:
            from matplotlib.figure import Figure

            ax = Figure(figsize=(6.0, 3.6), layout="constrained").subplots()
        ax.plot(
            self.epoch,
            self.data_loss,
            label="training (data loss)",
            **ROLES["training"],
        )
        if self.val_loss:
            ax.plot(
                self.epoch,
                self.val_loss,
                label="validation",
                **ROLES["validation"],
            )
        if any(self.penalty):
            ax.plot(
                self.epoch, self.penalty, label="penalty", **ROLES["penalty"]
            )
        ax.set_xlabel("epoch")
        ax.set_ylabel("loss")
        ax.set_ylim(bottom=0)
        ax.legend()
        return ax.figure
