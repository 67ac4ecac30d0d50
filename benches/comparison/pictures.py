"""Makes the pictures of the original's four studies with numpy and matplotlib: as many, as large, with as many frames.

Prints the seconds taken, without imports. `cargo bench --bench cold_build` runs it where ACTFN_PYTHON names a Python that has
what requirements.txt lists.

    python pictures.py FOLDER
"""

import sys
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter

X = np.linspace(-2.5, 2.5, 200)
FINE = np.linspace(-2.5, 2.5, 600)
TARGETS = {
    "linear_pos": lambda x: 1.2 * x,
    "quadratic_u": lambda x: 0.6 * x**2 + 0.2,
    "cubic_s": lambda x: 0.4 * x**3 - 0.8 * x**2 + 1.5 * x + 0.5,
    "cubic_neg": lambda x: -0.5 * x**3 + 0.3 * x**2 - 0.8 * x,
    "quartic_w": lambda x: (0.2 * x**2) ** 2,
}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# Function, derivative, colour and name in a formula.
ACTIVATIONS = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2, "#1f77b4", r"\tanh"),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0, "#ff7f0e", r"\mathrm{ReLU}"),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z)), "#2ca02c", r"\sigma"),
    "leaky_relu": (
        lambda z: np.where(z >= 0, z, 0.01 * z),
        lambda z: np.where(z >= 0, 1.0, 0.01),
        "#d62728",
        r"\mathrm{LReLU}_\alpha",
    ),
    "sine": (np.sin, np.cos, "#9467bd", r"\sin"),
    "identity": (lambda z: z, np.ones_like, "#8c564b", r"\mathrm{id}"),
}


def neuron(activation, parameters, x):
    if len(parameters) == 1:
        return ACTIVATIONS[activation][0](parameters[0] * x)
    w, b, v, c = parameters
    return v * ACTIVATIONS[activation][0](w * x + b) + c


def train(target, activation, start, rate, epochs, check, keep):
    """Gradient descent on the mean squared error: the best loss with its parameters, and the snapshots."""
    phi, slope = ACTIVATIONS[activation][:2]
    y = TARGETS[target](X)
    p = np.array(start)
    losses, snapshots, best = [], [], (np.inf, p)
    for epoch in range(epochs):
        if epoch % keep == 0:
            snapshots.append(p.copy())
        w, b, v, c = p if len(p) == 4 else (p[0], 0.0, 1.0, 0.0)
        z = w * X + b
        hidden = phi(z)
        residual = v * hidden + c - y
        loss = np.mean(residual**2)
        losses.append(loss)
        if loss < best[0]:
            best = (loss, p.copy())
        d = 2 / len(X) * residual
        inner = d * v * slope(z)
        gradient = np.array([np.sum(inner * X), np.sum(inner), np.sum(d * hidden), np.sum(d)])
        p = p - rate * gradient[: len(p)]
        if (epoch + 1) % check == 0 and np.mean(losses[-50:]) > np.mean(losses[-100:-50]):
            rate = max(rate / 2, 1e-5)
    snapshots.append(p)
    return best, snapshots


def box_text(activation, parameters):
    names = zip("wbvc", parameters)
    y = neuron(activation, parameters, FINE)
    return "\n".join(
        [f"x∈[{X[0]:.2f},{X[-1]:.2f}]"]
        + [f"{name}={value:.4f}" for name, value in names]
        + [f"ŷ∈[{y.min():.2f},{y.max():.2f}]"]
    )


def box(ax, text, colour, x=0.02, align="left"):
    style = {"boxstyle": "round", "facecolor": "white", "edgecolor": colour, "alpha": 0.9, "linewidth": 1.5}
    return ax.text(x, 0.98, text, transform=ax.transAxes, va="top", ha=align, fontsize=9, bbox=style)


def formula(activation, count):
    name = ACTIVATIONS[activation][3]
    return rf"$\hat{{y}}(x) = v\,{name}(wx+b)+c$" if count == 4 else rf"$\hat{{y}}(x) = {name}(wx)$"


def data(ax, target):
    y = TARGETS[target]
    ax.scatter(X, y(X), s=12, color="gray", edgecolors="black", alpha=0.8, label="data (polynomial)")
    ax.plot(FINE, y(FINE), "k--", lw=2, label="true polynomial")
    ax.set_xlabel("x")
    ax.set_ylabel("y")
    ax.grid(True, alpha=0.3)


def save(figure, path):
    figure.savefig(path, dpi=150)
    plt.close(figure)


def fit(path, target, activation, best):
    loss, parameters = best
    colour = ACTIVATIONS[activation][2]
    figure, ax = plt.subplots(figsize=(9, 6))
    data(ax, target)
    ax.plot(FINE, neuron(activation, parameters, FINE), color=colour, lw=2.5, label=f"{activation} (MSE={loss:.3f})")
    box(ax, box_text(activation, parameters), colour)
    ax.set_title(f"Single-Neuron Fit: {activation} on {target}")
    figure.suptitle(formula(activation, len(parameters)))
    ax.legend(loc="lower right")
    figure.tight_layout()
    save(figure, path)


def convergence(path, target, activation, snapshots, panels=1):
    colour = ACTIVATIONS[activation][2]
    if panels == 1:
        figure, ax = plt.subplots(figsize=(9, 6), dpi=100)
    else:
        figure, (ax, right) = plt.subplots(1, 2, figsize=(10, 6), dpi=100, gridspec_kw={"width_ratios": [1.5, 1]})
        values = [parameters[0] for parameters in snapshots]
        right.plot(values, color=colour, lw=1.8)
        (marker,) = right.plot([0], values[:1], "o", color="#d62728")
        right.set_title("w trajectory (snapshots)")
        right.grid(True, alpha=0.3)
    data(ax, target)
    (line,) = ax.plot(FINE, neuron(activation, snapshots[0], FINE), color=colour, lw=2, label=f"{activation} (training)")
    text = box(ax, "", colour)
    ax.set_title(f"Convergence: {activation} on {target}")
    figure.suptitle(formula(activation, len(snapshots[0])))
    ax.legend(loc="lower right")
    y = TARGETS[target](FINE)
    ax.set_xlim(-2.5, 2.5)
    ax.set_ylim(y.min() - 0.5, y.max() + 0.5)
    figure.tight_layout()

    def frame(index):
        line.set_ydata(neuron(activation, snapshots[index], FINE))
        text.set_text(box_text(activation, snapshots[index]))
        if panels > 1:
            marker.set_data([index], [values[index]])
        return line, text

    animation = FuncAnimation(figure, frame, frames=len(snapshots), blit=False)
    animation.save(path, writer=PillowWriter(fps=12))
    plt.close(figure)


def activation_picture(path, activation):
    phi, slope, colour, _ = ACTIVATIONS[activation]
    z = np.linspace(-5, 5, 600)
    figure, ax = plt.subplots(figsize=(6, 4))
    ax.plot(z, phi(z), color=colour, lw=2, label=activation)
    ax.plot(z, slope(z), "--", color=colour, lw=2, label="derivative")
    ax.grid(True, alpha=0.3)
    ax.legend()
    figure.tight_layout()
    save(figure, path)


def trajectories(path, activation, snapshots):
    figure, axes = plt.subplots(2, 2, figsize=(10, 6))
    for ax, name, values in zip(axes.flat, "wbvc", np.array(snapshots).T):
        ax.plot(values, color=ACTIVATIONS[activation][2])
        ax.set_title(name)
        ax.grid(True, alpha=0.3)
    figure.tight_layout()
    save(figure, path)


def landscape(path, target, activation, snapshots):
    phi, y = ACTIVATIONS[activation][0], TARGETS[target](X)
    side = np.linspace(-4, 4, 151)
    loss = np.empty((151, 151))
    for row, b in enumerate(side):
        for column, w in enumerate(side):
            columns = np.stack([phi(w * X + b), np.ones_like(X)], axis=1)
            solution = np.linalg.lstsq(columns, y, rcond=None)[0]
            loss[row, column] = np.mean((columns @ solution - y) ** 2)
    figure, ax = plt.subplots(figsize=(8, 6))
    image = ax.imshow(loss, origin="lower", extent=(-4, 4, -4, 4), cmap="viridis", aspect="auto")
    figure.colorbar(image, label="MSE (v,c optimized)")
    ax.contour(side, side, loss, levels=10, colors="white", alpha=0.4, linewidths=0.5)
    ax.plot(*np.array(snapshots)[:, :2].T, "o-", ms=3, color="#ff7f0e", label="training trajectory")
    ax.legend()
    figure.tight_layout()
    save(figure, path)


def comparison(path, target, found):
    figure, ax = plt.subplots(figsize=(9, 6))
    data(ax, target)
    for (activation, (loss, parameters)), x, align in zip(found.items(), (0.02, 0.98), ("left", "right")):
        colour = ACTIVATIONS[activation][2]
        ax.plot(FINE, neuron(activation, parameters, FINE), color=colour, lw=2, label=f"{activation} (MSE={loss:.3f})")
        box(ax, f"{activation}\n{box_text(activation, parameters)}\nMSE={loss:.4f}", colour, x, align)
    ax.legend(loc="lower right")
    figure.tight_layout()
    save(figure, path)


def benchmark(folder):
    draws = np.random.default_rng(42)
    for target in TARGETS:
        for activation in ACTIVATIONS:
            start = draws.normal(0, 0.5, 4)
            best, snapshots = train(target, activation, start, 2e-3, 1000, 250, 25)
            fit(folder / f"{target}_{activation}.png", target, activation, best)
            convergence(folder / f"{target}_{activation}.gif", target, activation, snapshots)


def studies(folder):
    start = np.random.default_rng(42).normal(0, 0.5, 8)
    best, snapshots = train("cubic_s", "relu", start[:4], 2e-3, 1200, 400, 20)
    activation_picture(folder / "relu_activation.png", "relu")
    fit(folder / "relu_fit.png", "cubic_s", "relu", best)
    convergence(folder / "relu_convergence.gif", "cubic_s", "relu", snapshots)
    trajectories(folder / "relu_trajectories.png", "relu", snapshots)
    landscape(folder / "relu_landscape.png", "cubic_s", "relu", snapshots)

    best, snapshots = train("cubic_s", "sigmoid", start[:1], 5e-3, 800, 200, 10)
    fit(folder / "sigmoid_fit.png", "cubic_s", "sigmoid", best)
    convergence(folder / "sigmoid_convergence.gif", "cubic_s", "sigmoid", snapshots, panels=2)

    found = {}
    for activation, start in (("tanh", start[:4]), ("relu", start[4:])):
        best, snapshots = train("cubic_s", activation, start, 2e-3, 1200, 400, 20)
        found[activation] = best
        fit(folder / f"pair_{activation}_fit.png", "cubic_s", activation, best)
        convergence(folder / f"pair_{activation}_convergence.gif", "cubic_s", activation, snapshots)
    comparison(folder / "pair_comparison.png", "cubic_s", found)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    times = []
    for part in (benchmark, studies):
        begun = time.perf_counter()
        part(folder)
        times.append(time.perf_counter() - begun)
    print("benchmark {:.3f}\nstudies {:.3f}".format(*times))
