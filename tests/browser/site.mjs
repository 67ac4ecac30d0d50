// A project that has a page of every kind, for the tests that look at all of them.

export const files = {
  "specs/site.yaml": `kind: site
title: A small site
description: Two activations and one cubic.
base_url: https://example.org/prefix/
`,
  "specs/small.yaml": `kind: experiment
id: small
title: A small experiment
date: 2026-01-31
description: |
  The text of an experiment, with a formula $w x + b$ and some code.

  \`\`\`yaml
  kind: target   # a comment
  id: "cubic"
  \`\`\`
target: [cubic, wave]
activation: [tanh, relu, sine]
training: {learning_rate: 0.01, epochs: 60, snapshot_every: 5}
figures: [fit, convergence, landscape]
`,
  "specs/seeds.yaml": `kind: experiment
id: seeds
title: Many starts
target: cubic
activation: [tanh, relu]
seeds: 4
case_pages: false
training: {learning_rate: 0.01, epochs: 20, snapshot_every: 5}
figures: [loss_boxes]
`,
  "specs/cubic.yaml": "kind: polynomial\nid: cubic\ntitle: A cubic\ncoefficients: [0.5, 1.5, -0.8, 0.4]\nexplanation: It rises everywhere.\n",
  "specs/wave.yaml": "kind: target\nid: wave\ntitle: A wave\nexpression: sin(2 * x)\n",
  "specs/fit.yaml": "kind: figure\nid: fit\ntype: fit\nsize: [600, 400]\n",
  "specs/landscape.yaml": "kind: figure\nid: landscape\ntype: loss_landscape\nsize: [600, 400]\nresolution: 20\n",
  "specs/about.yaml": "kind: page\nid: about\ntitle: About\nbody: |\n  A page about a zeppelin, with a list:\n\n  - one\n  - two\n\n  | a | b |\n  |--|--|\n  | 1 | 2 |\n",
};

export const casePath = "experiments/small/cubic/tanh/";

// One of every kind.
export const pages = [
  "", "experiments/", "experiments/small/", "experiments/seeds/", casePath, "activations/", "activations/tanh/",
  "targets/", "targets/cubic/", "models/", "models/single_neuron/", "about/", "report/", "404.html",
];
