//! The six that every introduction begins with.

use super::{Builtin, BuiltinReference};

pub(super) static CLASSICAL: &[Builtin] = &[
    Builtin {
        id: "tanh",
        title: "Tanh",
        symbol: r"\tanh",
        expression: "tanh(x)",
        parameters: &[],
        color: (0x1f, 0x77, 0xb4),
        description: "The hyperbolic tangent: odd, bounded by ±1, steepest at zero. The usual choice of small networks before rectifiers.",
        references: &[BuiltinReference {
            title: "PyTorch documentation: Tanh",
            url: "https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html",
            year: None,
        }],
    },
    Builtin {
        id: "relu",
        title: "ReLU",
        symbol: r"\mathrm{ReLU}",
        expression: "if(x > 0, x, 0)",
        parameters: &[],
        color: (0xff, 0x7f, 0x0e),
        description: "The rectifier: zero on the left, the identity on the right. Cheap, and dead wherever its input stays negative. The derivative at 0 is taken to be 0.",
        references: &[BuiltinReference {
            title: "Rectified Linear Units Improve Restricted Boltzmann Machines",
            url: "https://www.cs.toronto.edu/~hinton/absps/reluICML.pdf",
            year: Some(2010),
        }],
    },
    Builtin {
        id: "sigmoid",
        title: "Sigmoid",
        symbol: r"\sigma",
        expression: "sigmoid(x)",
        parameters: &[],
        color: (0x2c, 0xa0, 0x2c),
        description: "The logistic function: a rise from 0 to 1 whose slope is ¼ at the most.",
        references: &[BuiltinReference {
            title: "PyTorch documentation: Sigmoid",
            url: "https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html",
            year: None,
        }],
    },
    Builtin {
        id: "leaky_relu",
        title: "Leaky ReLU",
        symbol: r"\mathrm{LReLU}_{\alpha}",
        expression: "if(x >= 0, x, negative_slope * x)",
        parameters: &[("negative_slope", 0.01)],
        color: (0xd6, 0x27, 0x28),
        description: "A rectifier that leaks: a small slope α on the left keeps the gradient alive. The derivative at 0 is taken to be 1. Frameworks disagree on the slope: 0.01 in PyTorch and JAX, which is this one; 0.2 in Keras' function `leaky_relu` (the built-in `leaky_relu_keras`), and 0.3 in Keras' layer `LeakyReLU`.",
        references: &[BuiltinReference {
            title: "Rectifier Nonlinearities Improve Neural Network Acoustic Models",
            url: "https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf",
            year: Some(2013),
        }],
    },
    Builtin {
        id: "sine",
        title: "Sine",
        symbol: r"\sin",
        expression: "sin(x)",
        parameters: &[],
        color: (0x94, 0x67, 0xbd),
        description: "Periodic: the only one of the classical six that turns round, and so the only one that can follow a target that does.",
        references: &[BuiltinReference {
            title: "Implicit Neural Representations with Periodic Activation Functions",
            url: "https://arxiv.org/abs/2006.09661",
            year: Some(2020),
        }],
    },
    Builtin {
        id: "identity",
        title: "Identity",
        symbol: "",
        expression: "x",
        parameters: &[],
        color: (0x8c, 0x56, 0x4b),
        description: "No activation at all. Whatever is built of it is a straight line, which makes it the yardstick: anything that does worse has not been trained.",
        references: &[BuiltinReference {
            title: "Three Decades of Activations: A Comprehensive Survey of 400 Activation Functions for Neural Networks",
            url: "https://arxiv.org/abs/2402.09092",
            year: Some(2024),
        }],
    },
];
