"""Trains the same cases as `cargo bench --bench comparison` in JAX (jit, vmap, float64) and in numpy, on the CPU.

Prints lines of `name,model,cases,points,epochs,seconds`. Requirements: requirements.txt beside this file.

    python train.py jax [model] [cases]
    python train.py numpy [model] [cases]

Models: single_neuron, mlp_4_4, mlp_64_64. Compilation is not counted, nor is the first call.
"""

import os
import sys
import time

os.environ.setdefault("JAX_PLATFORMS", "cpu")
POINTS, EPOCHS, RATE = 200, 1000, 0.01
SIZES = {"single_neuron": [1], "mlp_4_4": [4, 4], "mlp_64_64": [64, 64]}
CASES = {"single_neuron": 10_000, "mlp_4_4": 500, "mlp_64_64": 8}


def draw(numpy, model, cases):
    """Parameters of all cases, layer by layer, and the data: the same targets for all libraries."""
    generator = numpy.random.default_rng(42)
    widths = [1, *SIZES[model], 1]
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        layers.append(generator.normal(0, fan_in**-0.5, (cases, fan_in, fan_out)))
        layers.append(generator.normal(0, 0.1, (cases, fan_out)))
    x = numpy.linspace(-1, 1, POINTS)
    y = 0.5 + 1.5 * x - 0.8 * x**2 + numpy.outer(numpy.linspace(0.2, 0.6, cases), x**3)
    return layers, x, y


def with_jax(model, cases):
    import jax
    import jax.numpy as jnp
    import numpy

    jax.config.update("jax_enable_x64", True)
    layers, x, y = draw(numpy, model, cases)

    def loss(layers, y):
        h = x[:, None]
        for w, b in zip(layers[:-2:2], layers[1:-2:2]):
            h = jnp.tanh(h @ w + b)
        return jnp.mean((h @ layers[-2] + layers[-1] - y[:, None]) ** 2)

    def one(layers, y):
        def step(layers, _):
            value, gradient = jax.value_and_grad(loss)(layers, y)
            return [p - RATE * g for p, g in zip(layers, gradient)], value

        return jax.lax.scan(step, layers, None, length=EPOCHS)

    # Blocks that fit the cache, the best of the sizes tried; all cases at once are slower.
    best = None
    for block in [size for size in (8, 128, 1000) if size <= cases]:
        train = jax.jit(jax.vmap(one))
        part = slice(0, block)
        arguments = [jnp.asarray(p[part]) for p in layers], jnp.asarray(y[part])
        jax.block_until_ready(train(*arguments))
        start = time.perf_counter()
        jax.block_until_ready(train(*arguments))
        seconds = (time.perf_counter() - start) / block * cases
        print(f"# block of {block}: {seconds:.2f} s for all", flush=True)
        if best is None or seconds < best[0]:
            best = (seconds, block, train)
    _, block, train = best
    start = time.perf_counter()
    last = None
    for first in range(0, cases, block):
        part = slice(first, first + block)
        if len(y[part]) == block:
            last = train([jnp.asarray(p[part]) for p in layers], jnp.asarray(y[part]))
    jax.block_until_ready(last)
    return time.perf_counter() - start


def with_numpy(model, cases):
    import numpy as np

    # A numpy program trains one case after the other: a share of them tells the time of all.
    share = max(1, min(cases, 20))
    layers, x, y = draw(np, model, cases)
    start = time.perf_counter()
    for case in range(share):
        own = [p[case].copy() for p in layers]
        target = y[case][:, None]
        for _ in range(EPOCHS):
            hidden = [x[:, None]]
            for w, b in zip(own[:-2:2], own[1:-2:2]):
                hidden.append(np.tanh(hidden[-1] @ w + b))
            residual = hidden[-1] @ own[-2] + own[-1] - target
            delta = 2 / POINTS * residual
            gradients = []
            for layer in reversed(range(len(own) // 2)):
                gradients[:0] = [hidden[layer].T @ delta, delta.sum(0)]
                if layer:
                    delta = (delta @ own[2 * layer].T) * (1 - hidden[layer] ** 2)
            for p, g in zip(own, gradients):
                p -= RATE * g
    return (time.perf_counter() - start) / share * cases


if __name__ == "__main__":
    library = {"jax": with_jax, "numpy": with_numpy}[sys.argv[1]]
    models = sys.argv[2:3] or list(SIZES)
    for model in models:
        cases = int(sys.argv[3]) if len(sys.argv) > 3 else CASES[model]
        print(f"{sys.argv[1]},{model},{cases},{POINTS},{EPOCHS},{library(model, cases):.3f}", flush=True)
