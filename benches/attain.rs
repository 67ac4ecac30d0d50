//! How long the search for the attainable loss takes, over the whole catalogue and the benchmark's five polynomials:
//! `cargo bench --bench attain`. Words after `--` pick the problems whose `activation target` holds one of them.

#![expect(clippy::print_stdout, reason = "its results go to the terminal")]

use std::time::Instant;

use actfn_site::attain::{Form, Method, attain};
use actfn_site::function::{Function, builtins};
use actfn_site::spec::AttainableSearch;

/// The polynomials of the benchmark, from the constant term up.
const TARGETS: [(&str, &[f64]); 5] = [
    ("linear_pos", &[0.0, 1.2]),
    ("quadratic_u", &[0.2, 0.0, 0.6]),
    ("cubic_s", &[0.5, 1.5, -0.8, 0.4]),
    ("cubic_neg", &[0.0, -0.8, 0.3, -0.5]),
    ("quartic_w", &[0.0, 0.0, 0.0, 0.0, 0.04]),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let x: Vec<f64> = (0..200).map(|index| f64::from(index) * 5.0 / 199.0 - 2.5).collect();
    let mut rows = Vec::new();
    for builtin in builtins() {
        let parameters: Vec<(String, f64)> =
            builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        let function = Function::parse(builtin.expression, &parameters).unwrap();
        for (target, coefficients) in TARGETS {
            let name = format!("{} {target}", builtin.id);
            if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
                continue;
            }
            let polynomial = Function::polynomial(coefficients);
            let y: Vec<f64> = x.iter().map(|x| polynomial.value(*x)).collect();
            let begin = Instant::now();
            let found = attain(Form::SingleNeuron, &function, &x, &y, &AttainableSearch::default());
            rows.push((begin.elapsed(), name, found));
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.0));
    for (time, name, found) in &rows {
        let regions = match found.method {
            Method::Exact => "exact".to_owned(),
            Method::BranchAndBound { regions } => regions.to_string(),
        };
        let open = if found.is_closed { "" } else { " open" };
        let gap = (found.upper - found.lower) / found.upper;
        println!(
            "{time:>10.3?} {regions:>7} {name:<28} [{:.9}, {:.9}] {gap:.1e}{open} at {:?}",
            found.lower, found.upper, found.parameters
        );
    }
    let total: f64 = rows.iter().map(|row| row.0.as_secs_f64()).sum();
    let open = rows.iter().filter(|row| !row.2.is_closed).count();
    println!("{} problems, {open} open, {total:.2} s", rows.len());
}
