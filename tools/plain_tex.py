"""Formulas as plain text, where nothing can set them: search excerpts and the labels of cells."""

from __future__ import annotations

import re

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "φ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
UNSEEN = ("left", "right", "big", "Big", "bigl", "bigr", "mathrm", "mathbf", "mathbb", "text",
          "operatorname", "hat", "tilde", "bar", "!")  # fmt: skip
SPELT = ("log", "exp", "max", "min", "tanh", "sign", "prox", "diag", "E", "R", "%")
SYMBOLS = {
    **GREEK,
    "varepsilon": "ε", "Delta": "Δ", "Sigma": "Σ", "Omega": "Ω", "ell": "ℓ", "partial": "∂",
    "nabla": "∇", "sum": "Σ", "prod": "∏", "cdot": "·", "times": "×", "odot": "⊙", "pm": "±",
    "circ": "∘", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈",
    "sim": "~", "in": "∈", "to": "→", "rightarrow": "→", "mapsto": "↦", "infty": "∞", "top": "ᵀ",
    "mid": "|", "lvert": "|", "rvert": "|", "lVert": "‖", "rVert": "‖", "|": "‖", "dots": "…",
    "ldots": "…", "cdots": "…", "quad": " ", "qquad": " ", ",": " ", ";": " ",
    **dict.fromkeys(UNSEEN, ""), **{name: name for name in SPELT},
}  # fmt: skip
POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _fraction(parts: re.Match[str]) -> str:
    plain = [readable(part) for part in parts.groups()]
    return "/".join(f"({part})" if re.search(r"\W", part.lstrip("∂")) else part for part in plain)


def readable(tex: str) -> str:
    r"""Return a short formula as plain text, or "…" where that would not be readable.

    >>> readable(r"\(\lambda \sum_i w_i^2\)")
    'λ Σi wi²'
    >>> readable(r"\(\tfrac{1}{1-p}\)")
    '1/(1-p)'
    >>> readable(r"\(\frac{\partial J}{\partial y}\)")
    '∂J/∂y'
    >>> readable(r"\(\begin{pmatrix} 1 & 2 \end{pmatrix}\)")
    '…'
    """
    text = re.sub(r"^\\[(\[]|\\[)\]]$", "", tex.strip())
    text = re.sub(r"\\[td]?frac\s*(\d)\s*(\d)", r"\1/\2", text)
    text = re.sub(r"\\[td]?frac\{([^{}]*)\}\{([^{}]*)\}", _fraction, text)
    text = re.sub(r"\\sqrt\s*\{([^{}]*)\}", r"√(\1)", text)
    text = re.sub(r"\^\{?(\d+)\}?", lambda power: power[1].translate(POWERS), text)
    text = re.sub(r"\\([A-Za-z]+|.)", lambda name: SYMBOLS.get(name[1], name[0]), text)
    text = re.sub(r"[_^{}]", "", text).replace("∂ ", "∂")
    text = re.sub(r"\s+", " ", text).strip()
    return "…" if "\\" in text or len(text) > 60 else text
