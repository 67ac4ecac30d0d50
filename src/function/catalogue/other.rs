//! What is neither: bumps, shrinkage, waves, even functions.

use super::{Builtin, BuiltinReference};

pub(super) static OTHER: &[Builtin] = &[
    Builtin {
        id: "gaussian",
        title: "Gaussian",
        symbol: r"\mathrm{gauss}_{\sigma}",
        expression: "exp(-x^2 / (2 * sigma^2))",
        parameters: &[("sigma", 1.0)],
        color: (0x5a, 0x4f, 0xcf),
        description: "A bump: a neuron of it answers to inputs near one place only.",
        references: &[BuiltinReference {
            title: "Beyond Periodicity: Towards a Unifying Framework for Activations in Coordinate-MLPs",
            url: "https://arxiv.org/abs/2111.15135",
            year: Some(2021),
        }],
    },
    Builtin {
        id: "tanhshrink",
        title: "Tanhshrink",
        symbol: r"\mathrm{tanhshrink}",
        expression: "x - tanh(x)",
        parameters: &[],
        color: (0x57, 0x75, 0x90),
        description: "What tanh leaves of its input: flat (like x³/3) at zero, the identity less one far out.",
        references: &[BuiltinReference {
            title: "PyTorch documentation: Tanhshrink",
            url: "https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html",
            year: None,
        }],
    },
    Builtin {
        id: "softshrink",
        title: "Softshrink",
        symbol: r"\mathrm{softshrink}_{\lambda}",
        expression: "x - clamp(x, -lambda, lambda)",
        parameters: &[("lambda", 0.5)],
        color: (0x80, 0x58, 0x6d),
        description: "The identity with a dead zone: zero within ±λ, and λ nearer to zero beyond, without the jumps of its hard twin `hardshrink`.",
        references: &[BuiltinReference {
            title: "PyTorch documentation: Softshrink",
            url: "https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html",
            year: None,
        }],
    },
    Builtin {
        id: "hardshrink",
        title: "Hardshrink",
        symbol: r"\mathrm{hardshrink}_{\lambda}",
        expression: "if(abs(x) > lambda, x, 0)",
        parameters: &[("lambda", 0.5)],
        color: (0x6b, 0x5b, 0x4b),
        description: "The identity with zero in the place of all that is within ±λ, and so with a jump of λ on either side. Softshrink, its soft twin, closes the jumps by shifting what is outside.",
        references: &[BuiltinReference {
            title: "PyTorch documentation: Hardshrink",
            url: "https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html",
            year: None,
        }],
    },
    Builtin {
        id: "lisht",
        title: "LiSHT",
        symbol: r"\mathrm{LiSHT}",
        expression: "x * tanh(x)",
        parameters: &[],
        color: (0x38, 0x66, 0x41),
        description: "The input times its tanh: even, like a rounded absolute value.",
        references: &[BuiltinReference {
            title: "LiSHT: Non-Parametric Linearly Scaled Hyperbolic Tangent Activation Function for Neural Networks",
            url: "https://arxiv.org/abs/1901.05894",
            year: Some(2019),
        }],
    },
    Builtin {
        id: "snake",
        title: "Snake",
        symbol: r"\mathrm{snake}_{\alpha}",
        expression: "x + sin(alpha * x)^2 / alpha",
        parameters: &[("alpha", 1.0)],
        color: (0x6d, 0x59, 0x7a),
        description: "The identity with ripples: monotonic, and periodic enough to extrapolate what repeats.",
        references: &[BuiltinReference {
            title: "Neural Networks Fail to Learn Periodic Functions and How to Fix It",
            url: "https://arxiv.org/abs/2006.08195",
            year: Some(2020),
        }],
    },
    Builtin {
        id: "gcu",
        title: "Growing cosine unit",
        symbol: r"\mathrm{GCU}",
        expression: "x * cos(x)",
        parameters: &[],
        color: (0x70, 0x48, 0xb8),
        description: "A cosine that grows with its input: it turns round again and again, each time further out.",
        references: &[BuiltinReference {
            title: "Growing Cosine Unit: A Novel Oscillatory Activation Function That Can Speedup Training and Reduce Parameters in Convolutional Neural Networks",
            url: "https://arxiv.org/abs/2108.12943",
            year: Some(2021),
        }],
    },
];
