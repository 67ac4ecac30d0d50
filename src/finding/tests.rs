//! Diagnoses of runs with known courses: trained ones with closed forms, and hand-made ones.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::attain::Method;
use crate::diagnostic::SourceFile;
use crate::fs::TextFile;
use crate::train::{Best, Outcome, Snapshot, Trial, train};

/// Written by `tests/fixtures/diagnoses.py` from the closed forms of gradient descent on quadratic losses.
const CLOSED_FORMS: &str = include_str!("../../tests/fixtures/diagnoses.json");

fn closed_form(name: &str) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(CLOSED_FORMS).unwrap()[name].clone()
}

/// The one case of some specs: `model`, `phi` and `target` as the spec language has them, 21 points on [−1, 1].
fn case(model: &str, phi: &str, target: &str, init: &str, training: &str) -> Case {
    let text = format!(
        "kind: target\nid: t\nexpression: {target}\n---\nkind: activation\nid: a\nexpression: {phi}\n---\nkind: model\nid: m\n\
         {model}\n---\nkind: experiment\nid: e\nmodel: m\ntarget: t\nactivation: a\ndata: {{domain: [-1, 1], points: 21}}\n\
         init: {init}\ntraining: {training}\nfigures: []\n"
    );
    let file = Arc::new(SourceFile { path: "a.yaml".into(), text });
    let specs = crate::spec::load(&[TextFile { name: "a.yaml".into(), file }], Vec::new()).unwrap();
    Case::clone(&crate::plan::plan(&specs).cases[0])
}

fn neuron(phi: &str) -> Case {
    let training = "{learning_rate: 0.01, epochs: 10}";
    case("type: single_neuron", phi, "x^2", "{w: 1, b: 0, v: 1, c: 0}", training)
}

fn mlp(phi: &str, sizes: &str) -> Case {
    let model = format!("type: mlp\nhidden_sizes: {sizes}");
    case(&model, phi, "x^2", "{distribution: glorot_normal, seed: 1}", "{learning_rate: 0.01, epochs: 10}")
}

/// A finished run with these losses.
fn run_of(losses: Vec<f64>) -> Run {
    let best = losses.iter().copied().enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
    Run {
        best: best.map(|(epoch, mse)| Best { epoch, mse, parameters: vec![1.0, 0.0, 1.0, 0.0] }),
        losses,
        ..Run::new()
    }
}

/// A run of which the parameters at epochs 0, 10, 20, … are known, with a loss that stands still.
fn run_through(snapshots: &[&[f64]]) -> Run {
    let at = |(index, parameters): (usize, &&[f64])| Snapshot {
        epoch: 10 * index,
        parameters: parameters.to_vec(),
        loss: 1.0,
    };
    Run { snapshots: snapshots.iter().enumerate().map(at).collect(), ..run_of(vec![1.0; 30]) }
}

fn attainable(lower: f64, upper: f64) -> Attainable {
    Attainable {
        scale: 1.0,
        lower,
        upper,
        parameters: vec![1.0, 0.0, 1.0, 0.0],
        is_closed: true,
        w: (-8.0, 8.0),
        b: (-8.0, 8.0),
        method: Method::Exact,
        beyond: None,
    }
}

fn kinds(diagnoses: &[Diagnosis]) -> Vec<&'static str> {
    diagnoses.iter().map(|diagnosis| diagnosis.kind.id()).collect()
}

#[track_caller]
fn only(diagnoses: Vec<Diagnosis>, kind: Kind) -> Diagnosis {
    let mut found = diagnoses.into_iter().filter(|diagnosis| diagnosis.kind == kind);
    let first = found.next().expect("it has the diagnosis");
    assert_eq!(found.next(), None);
    first
}

#[track_caller]
fn number(diagnosis: &Diagnosis, name: &str) -> f64 {
    let json = serde_json::to_value(diagnosis).unwrap();
    json["evidence"][name].as_f64().unwrap_or_else(|| panic!("{name} of {json}"))
}

#[track_caller]
fn agrees(diagnosis: &Diagnosis, name: &str, expected: &serde_json::Value) {
    let (found, expected) = (number(diagnosis, name), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= 1e-10 * expected.abs(), "{name}: {found} is not {expected}");
}

#[test]
fn a_loss_that_falls_does_so_at_the_pace_of_its_closed_form() {
    let expected = closed_form("falling");
    let init = format!("{{w: {}}}", expected["start"]);
    let training = format!("{{learning_rate: {}, epochs: {}}}", expected["rate"], expected["epochs"]);
    let target = format!("{} * x", expected["a"]);
    let case = case("type: scaled_input", "x", &target, &init, &training);
    let found = diagnose(&case, &train(&case), None);
    assert_eq!(kinds(&found), ["not_converged"]);
    let found = only(found, Kind::NotConverged);
    agrees(&found, "over_last_epochs", &expected["over"]);
    agrees(&found, "mse_before", &expected["before"]);
    agrees(&found, "mse_at_end", &expected["end"]);
    agrees(&found, "fall_per_epoch", &expected["per_epoch"]);
    agrees(&found, "gradient_norm", &expected["gradient_norm"]);
}

#[test]
fn a_relu_that_is_born_dead_is_dead_from_epoch_0() {
    let expected = closed_form("dead");
    let init = format!("{{w: 0.5, b: -2, v: 1, c: {}}}", expected["start"]);
    let rate = &expected["rate"];
    let trained = |epochs: u64| {
        let training = format!("{{learning_rate: {rate}, epochs: {epochs}, snapshot_every: 30}}");
        let case = case("type: single_neuron", "max(0, x)", "x^2", &init, &training);
        diagnose(&case, &train(&case), Some(&attainable(0.0, 0.02)))
    };
    let found = trained(expected["epochs"].as_u64().unwrap());
    assert_eq!(kinds(&found), ["dead_unit", "not_converged"]);
    let falling = only(found.clone(), Kind::NotConverged);
    agrees(&falling, "fall_per_epoch", &expected["per_epoch"]);
    agrees(&falling, "gradient_norm", &expected["gradient_norm"]);
    let dead = only(found, Kind::DeadUnit);
    let start = "The neuron is dead from epoch 0. φ′(wx + b) = 0 at all 21 points";
    assert!(dead.sentence.starts_with(start) && dead.sentence.ends_with("only c can move."), "{dead:?}");
    let json = serde_json::to_value(&dead).unwrap();
    let unit = serde_json::json!([{ "layer": 1, "unit": 1, "since_epoch": 0, "share_of_points": 1.0 }]);
    assert_eq!((&json["kind"], &json["evidence"]["units"]), (&"dead_unit".into(), &unit));
    // With enough epochs c has come to the mean, and what is left is the variance.
    let found = trained(3000);
    assert_eq!(kinds(&found), ["dead_unit", "stuck", "plateau"]);
    agrees(&only(found, Kind::Stuck), "best_mse", &expected["variance"]);
}

#[test]
fn a_rate_that_is_too_large_diverges_when_its_closed_form_does() {
    let expected = closed_form("diverging");
    let init = format!("{{w: {}}}", expected["start"]);
    let training = format!("{{learning_rate: {}, epochs: 2000}}", expected["rate"]);
    let target = format!("{} * x", expected["a"]);
    let case = case("type: scaled_input", "x", &target, &init, &training);
    let found = diagnose(&case, &train(&case), None);
    assert_eq!(kinds(&found), ["diverged"]);
    agrees(&found[0], "epoch", &expected["epoch"]);
    let none = self::case("type: scaled_input", "log(x)", "x", "{w: 1}", &training);
    let found = diagnose(&none, &train(&none), None);
    assert_eq!(kinds(&found), ["diverged"]);
    assert!(found[0].sentence.contains("diverged at once"), "{found:?}");
}

#[test]
fn death_is_dated_as_far_as_snapshots_can_tell() {
    let relu = neuron("max(0, x)");
    let (alive, dead): (&[f64], &[f64]) = (&[1.0, 0.0, 1.0, 0.0], &[1.0, -1.5, 1.0, 0.0]);
    let found = diagnose(&relu, &run_through(&[alive, dead, alive, dead, dead]), None);
    let found = only(found, Kind::DeadUnit);
    assert!(
        found.sentence.contains("dead since epoch 30 at the latest, not yet at epoch 20"),
        "{}",
        found.sentence
    );
    assert!(diagnose(&relu, &run_through(&[dead, dead, alive]), None).is_empty());
    // A step gives no gradient anywhere, and its output is no constant.
    let step = diagnose(&neuron("if(x > 0, 1, 0)"), &run_through(&[alive]), None);
    assert!(only(step, Kind::DeadUnit).sentence.ends_with("only v and c can move."));
}

#[test]
fn flat_pieces_do_not_make_a_unit_dead() {
    let clip = neuron("clamp(x, -1, 1)");
    // z from −2 to 2: flat at 10 of 21 points, or at 11 with rounding.
    assert!(diagnose(&clip, &run_through(&[&[2.0, 0.0, 1.0, 0.0]]), None).is_empty());
    // z from 0.95 to 2.95: flat at all points but the first.
    let found = diagnose(&clip, &run_through(&[&[1.0, 1.95, 1.0, 0.0]]), None);
    assert_eq!(kinds(&found), ["saturated"]);
    let found = diagnose(&clip, &run_through(&[&[1.0, 2.05, 1.0, 0.0]]), None);
    assert_eq!(kinds(&found), ["dead_unit"]);
    let constant = only(found, Kind::DeadUnit).sentence;
    assert!(constant.contains("gives 1.000 everywhere"), "{constant}");
}

#[test]
fn saturation_is_a_tail_and_not_a_small_slope() {
    // tanh′ is below 1 % beyond artanh √0.99 = 2.9932…; z is 2.98, 3.08, …, 4.98, so that 20 of 21 points are.
    let of = |phi: &str, parameters: &[f64]| diagnose(&neuron(phi), &run_through(&[parameters]), None);
    let found = only(of("tanh(x)", &[1.0, 3.98, 1.0, 0.0]), Kind::Saturated);
    assert!((number(&found, "share_of_points") - 20.0 / 21.0).abs() < 1e-15);
    assert!(found.sentence.contains("At 95 % of the 21 points"), "{}", found.sentence);
    // 2.88 is not: 19 of 21 are less than 95 %.
    assert!(of("tanh(x)", &[1.0, 3.88, 1.0, 0.0]).is_empty());
    assert_eq!(kinds(&of("tanh(x)", &[1.0, -30.0, 1.0, 0.0])), ["saturated"]);
    assert_eq!(kinds(&of("tanh(x)", &[1.0, -1000.0, 1.0, 0.0])), ["dead_unit"], "10⁻⁸⁶⁸ is 0");
    for (phi, b) in [("x^2", 0.0), ("x - tanh(x)", 0.0), ("exp(x)", -2.0), ("sin(x)", 1.5), ("x", 900.0)] {
        assert!(of(phi, &[0.001, b, 1.0, 0.0]).is_empty(), "{phi}");
    }
    assert_eq!(kinds(&of("exp(x)", &[1.0, -7.0, 1.0, 0.0])), ["saturated"]);
    // As low as it can get, it is what the target asks for.
    let run = run_through(&[&[1.0, 4.0, 1.0, 0.0]]);
    let step = |lower, upper| diagnose(&neuron("tanh(x)"), &run, Some(&attainable(lower, upper)));
    assert!(step(0.995, 1.0).is_empty());
    assert_eq!(kinds(&step(0.9, 1.0)), ["saturated"]);
}

#[test]
fn units_that_are_alike_are_found() {
    // W1 = (w₁, w₂), b1 = (b₁, b₂), Wo, bo.
    let of = |phi: &str, parameters: &[&[f64]]| diagnose(&mlp(phi, "[2]"), &run_through(parameters), None);
    let same: &[f64] = &[1.0, 1.0, 0.5, 0.5, 1.0, 2.0, 0.0];
    let mirrored: &[f64] = &[1.0, -1.0, 0.5, -0.5, 1.0, 2.0, 0.0];
    let other: &[f64] = &[1.0, -0.3, 0.5, 0.8, 1.0, 2.0, 0.0];
    let found = only(of("tanh(x)", &[same, same]), Kind::DuplicateUnits);
    assert!(found.sentence.starts_with("Units 1 and 2 agree"), "{}", found.sentence);
    assert!(found.sentence.contains("from the start"), "{}", found.sentence);
    assert_eq!(number(&found, "smallest_difference"), 0.0);
    let found = only(of("tanh(x)", &[other, mirrored]), Kind::DuplicateUnits);
    assert!(found.sentence.starts_with("Units 1 and 2 mirror each other"), "{}", found.sentence);
    assert!(!found.sentence.contains("from the start"));
    // σ(−z) = 1 − σ(z): a constant apart. max(0, z) and max(0, −z) are different things.
    assert_eq!(kinds(&of("sigmoid(x)", &[mirrored])), ["duplicate_units"]);
    assert!(of("max(0, x)", &[mirrored]).is_empty());
    assert!(of("tanh(x)", &[other]).is_empty());
    let all_alike = diagnose(&mlp("tanh(x)", "[4]"), &run_through(&[&[0.5; 13]]), None);
    let found = only(all_alike, Kind::DuplicateUnits);
    assert_eq!(number(&found, "pairs"), 6.0);
    assert!(found.sentence.contains("and 2 more on all data"), "{}", found.sentence);
}

#[test]
fn a_dead_layer_is_named() {
    // Layer 1: both units dead by their biases; layer 2 sees constants, and is above its kink.
    let parameters: &[f64] = &[1.0, 1.0, -2.0, -3.0, 1.0, 1.0, 5.0, 1.0, 0.0];
    let found = diagnose(&mlp("max(0, x)", "[2, 1]"), &run_through(&[parameters, parameters]), None);
    let found = only(found, Kind::DeadUnit);
    assert!(
        found
            .sentence
            .starts_with("2 of 3 hidden units are dead: unit 1 of layer 1 (from epoch 0) and unit 2"),
        "{}",
        found.sentence
    );
    assert!(found.sentence.contains("All of layer 1 is dead"), "{}", found.sentence);
}

fn ramp(from: f64, to: f64, epochs: u32) -> impl Iterator<Item = f64> {
    (1..=epochs).map(move |epoch| from + (to - from) * f64::from(epoch) / f64::from(epochs))
}

#[test]
fn a_plateau_lies_between_two_falls_or_at_the_end() {
    // 10 at epoch 0, 5 from epoch 20 to 60, then down to 1 at epoch 100.
    let losses: Vec<f64> = [10.0]
        .into_iter()
        .chain(ramp(10.0, 5.0, 20))
        .chain(ramp(5.0, 5.0, 40))
        .chain(ramp(5.0, 1.0, 40))
        .collect();
    let case = neuron("x");
    let found = only(diagnose(&case, &run_of(losses.clone()), None), Kind::Plateau);
    let numbers = ["first_epoch", "last_epoch", "mse_at_first", "mse_at_last", "lowest_mse_after"];
    assert_eq!(numbers.map(|name| number(&found, name)), [20.0, 60.0, 5.0, 5.0, 1.0]);
    assert!(found.sentence.ends_with("Then it fell on, to 1.000."), "{}", found.sentence);
    // Without the second fall it is an end, and whether that is bad only what is attainable can tell.
    let flat = run_of(losses[..=60].to_vec());
    assert!(diagnose(&case, &flat, None).is_empty());
    assert!(diagnose(&case, &flat, Some(&attainable(4.9, 4.9))).is_empty());
    assert_eq!(kinds(&diagnose(&case, &flat, Some(&attainable(1.0, 1.25)))), ["stuck", "plateau"]);
    let stuck = only(diagnose(&case, &flat, Some(&attainable(1.0, 1.25))), Kind::Stuck);
    assert_eq!(number(&stuck, "factor"), 4.0);
    let met = only(diagnose(&case, &flat, Some(&attainable(0.0, 0.0))), Kind::Stuck);
    assert!(met.sentence.ends_with("5.000, though the target can be met."), "{}", met.sentence);
}

#[test]
fn what_is_as_good_as_done_is_no_fault() {
    let case = neuron("x");
    // From 10⁻⁷ towards 0: all of it is less than a millionth of the variance of x², 0.0906….
    let tiny: Vec<f64> = (0..100).map(|epoch| 1e-7 * libm::pow(0.95, f64::from(epoch))).collect();
    assert!(diagnose(&case, &run_of(tiny), Some(&attainable(0.0, 0.0))).is_empty());
    assert!(diagnose(&case, &run_of(vec![0.0; 100]), Some(&attainable(0.0, 0.0))).is_empty());
    // Still falling, but within 1 % of the certified least.
    let falling: Vec<f64> = (0..100).map(|epoch| 1.0 + 0.5 * libm::pow(0.95, f64::from(epoch))).collect();
    let run = run_of(falling.clone());
    assert_eq!(run.best.as_ref().unwrap().epoch, 99);
    assert_eq!(kinds(&diagnose(&case, &run, None)), ["not_converged"]);
    assert!(diagnose(&case, &run, Some(&attainable(0.9999, 1.0))).is_empty());
    let ending = Ending::new(&run, Some(&attainable(0.9999, 1.0)), 1.0);
    assert!(ending.sentence(&run).contains("as low as it can get"), "{ending:?}");
    assert_eq!(
        kinds(&diagnose(&case, &run, Some(&attainable(0.5, 1.0)))),
        ["not_converged"],
        "no certificate"
    );
}

#[test]
fn noise_is_no_fall_and_no_plateau() {
    // A sequence that moves by ±3 % around 1 and happens to be lowest near its end: Weyl's, of √2.
    let weyl = |epoch: u32| (f64::from(epoch) * std::f64::consts::SQRT_2).fract() - 0.5;
    let mut noisy: Vec<f64> = (0..400).map(|epoch| 1.0 + 0.06 * weyl(epoch)).collect();
    noisy[390] = 0.95;
    let case = neuron("x");
    assert!(diagnose(&case, &run_of(noisy.clone()), None).is_empty());
    // With a trend of −10 % over the last tenth in it, it falls.
    let trend = noisy.iter().zip(0..).map(|(loss, epoch): (&f64, u32)| loss - 0.0025 * f64::from(epoch));
    assert_eq!(
        kinds(&diagnose(&case, &run_of(trend.map(|loss| loss + 1.0).collect()), None)),
        ["not_converged"]
    );
    // Up and down by a half is no rest.
    let jumping: Vec<f64> = (0..100).map(|epoch| if epoch % 2 == 0 { 1.0 } else { 1.5 }).collect();
    let found = only(diagnose(&case, &run_of(jumping), None), Kind::NotConverged);
    assert!(found.sentence.contains("moved between 1.000 and 1.500"), "{}", found.sentence);
}

#[test]
fn the_ending_is_told_where_no_diagnosis_does() {
    let told = |losses: Vec<f64>| {
        let run = run_of(losses);
        Ending::new(&run, None, 1.0).sentence(&run)
    };
    assert!(told((0..100).map(|epoch| 2.0 - 1e-6 * f64::from(epoch)).collect()).contains("all but settled"));
    assert!(told(vec![1.0; 9]).contains("too few"));
    let risen = told(ramp(1.0, 1.5, 20).chain(ramp(1.5, 1.5, 40)).collect());
    assert!(risen.contains("at epoch 0; the final one is 1.500"), "{risen}");
    assert_eq!(told(Vec::new()), "Training ended without a loss.");
}

#[test]
fn a_loss_that_leaves_its_lowest_has_risen() {
    let of = |losses: Vec<f64>| diagnose(&neuron("x"), &run_of(losses), None);
    let away = ramp(1.0, 0.5, 10).chain(ramp(0.5, 1.25, 40)).collect();
    let found = only(of(away), Kind::Risen);
    assert_eq!((number(&found, "best_mse"), number(&found, "final_mse")), (0.5, 1.25));
    assert!(found.sentence.contains("learning rate"), "{}", found.sentence);
    // Not twice, and twice next to nothing.
    for (low, high) in [(0.5, 0.95), (1e-9, 1e-6)] {
        let found = of(ramp(1.0, low, 10).chain(ramp(low, high, 40)).collect());
        assert!(found.iter().all(|diagnosis| diagnosis.kind != Kind::Risen), "{low} {high}");
    }
}

#[test]
fn halvings_are_counted_down_to_the_minimum() {
    let training = "{learning_rate: 0.08, epochs: 10, schedule: {type: halve_on_rise, every: 5, window: 2, minimum: 0.015}}";
    let case = case("type: single_neuron", "x", "x^2", "{w: 1, b: 0, v: 1, c: 0}", training);
    let run = Run { halvings: vec![5, 10, 15], ..run_of(vec![1.0; 30]) };
    let found = only(diagnose(&case, &run, None), Kind::LearningRateHalved);
    assert_eq!((number(&found, "times"), number(&found, "learning_rate_at_end")), (3.0, 0.015));
    assert!(found.sentence.contains("3 times, after epochs 5, 10 and 15"), "{}", found.sentence);
}

#[test]
fn a_case_that_was_never_trained_has_no_diagnosis() {
    assert!(diagnose(&neuron("x"), &run_of(Vec::new()), None).is_empty());
}

proptest! {
    /// A loss whose pace only falls (a convex one) has no plateau, however slow it gets.
    #[test]
    fn a_loss_that_decays_has_no_plateau(
        rest in 0.0..2.0_f64,
        parts in prop::collection::vec((0.01..10.0_f64, 0.5..0.9999_f64), 1..4),
        epochs in 20_i32..600,
    ) {
        let loss = |epoch: i32| rest + parts.iter().map(|(size, ratio)| size * libm::pow(*ratio, f64::from(epoch))).sum::<f64>();
        let losses: Vec<f64> = (0..epochs).map(loss).collect();
        prop_assert_eq!(plateau::plateau(&losses, 1.0, false), None);
    }

    #[test]
    fn no_run_makes_it_panic_or_show_what_is_no_number(
        phi in prop::sample::select(vec!["tanh(x)", "max(0, x)", "log(x)", "exp(x^2)", "1 / x", "floor(x)"]),
        is_mlp in any::<bool>(),
        losses in prop::collection::vec(prop_oneof![Just(0.0), 1e-300..1e300_f64], 0..60),
        snapshots in prop::collection::vec(prop::collection::vec(-1e200..1e200_f64, 0..10), 0..5),
        diverged in any::<bool>(),
        halvings in prop::collection::vec(0_usize..99, 0..9),
        upper in prop_oneof![Just(0.0), 0.0..1e300_f64],
    ) {
        let case = if is_mlp { mlp(phi, "[2]") } else { neuron(phi) };
        let snapshots: Vec<&[f64]> = snapshots.iter().map(Vec::as_slice).collect();
        let epochs = losses.len();
        let mut run = Run { snapshots: run_through(&snapshots).snapshots, halvings, ..run_of(losses) };
        if diverged {
            run.outcome = Outcome::Diverged { epoch: epochs };
        }
        for diagnosis in diagnose(&case, &run, Some(&attainable(0.0, upper))) {
            let json = serde_json::to_value(&diagnosis).unwrap();
            prop_assert!(!json.to_string().contains("null"), "{}", json);
            prop_assert!(!diagnosis.sentence.contains("NaN") && !diagnosis.sentence.contains("inf"), "{}", diagnosis.sentence);
        }
    }
}

fn finding(mse: f64, w: f64, (lower, upper): (f64, f64)) -> Result<Finding, Violation> {
    let best = Best { epoch: 3, mse, parameters: vec![w, 0.5, 2.0, -1.0] };
    let run = Run { losses: vec![mse], best: Some(best), ..Run::new() };
    let attainable = Attainable {
        lower,
        upper,
        parameters: vec![1.0, 0.0, 1.0, 0.0],
        scale: 1.0,
        is_closed: true,
        w: (-8.0, 8.0),
        b: (-8.0, 8.0),
        method: Method::Exact,
        beyond: None,
    };
    Finding::new(&neuron("tanh(x)"), Arc::new(run), None, Some(Arc::new(attainable)))
}

#[test]
fn training_below_the_certificate_is_refused() {
    let violation = finding(0.2, 3.0, (0.25, 0.26)).unwrap_err();
    assert_eq!(violation, Violation { trained: 0.2, certified: 0.25 });
    // Within rounding, or outside of the box, it is not below.
    assert!(finding(0.25 - 1e-11, 3.0, (0.25, 0.26)).is_ok());
    assert!(finding(0.2, 9.0, (0.25, 0.26)).is_ok());
}

#[test]
fn what_is_attained_is_the_better_of_search_and_training() {
    let searched = finding(0.3, 3.0, (0.25, 0.26)).unwrap();
    assert_eq!(searched.attained(), Some(0.26));
    assert_eq!(searched.attained_parameters(), Some([1.0, 0.0, 1.0, 0.0].as_slice()));
    assert_eq!(searched.bounds(), Some((0.25, 0.26)));
    assert!((searched.training_gap().unwrap() - 0.04).abs() < 1e-15);
    let trained = finding(0.255, 3.0, (0.25, 0.26)).unwrap();
    assert_eq!(trained.attained(), Some(0.255));
    assert_eq!(trained.attained_parameters(), Some([3.0, 0.5, 2.0, -1.0].as_slice()));
    assert_eq!(trained.training_gap(), Some(0.0));
    // Better, but with a w outside of the box.
    let outside = finding(0.2, 9.0, (0.25, 0.26)).unwrap();
    assert_eq!(outside.attained(), Some(0.26));
    assert_eq!(outside.attained_parameters(), Some([1.0, 0.0, 1.0, 0.0].as_slice()));
    assert_eq!(outside.training_gap(), Some(0.0));
}

#[test]
fn a_search_that_found_nothing_says_nothing() {
    let nothing = finding(0.3, 3.0, (0.0, f64::INFINITY)).unwrap();
    assert_eq!(nothing.attained(), None);
    assert_eq!(nothing.attained_parameters(), None);
    assert_eq!(nothing.training_gap(), None);
}

/// relu(w x + b) on [−1, 1] is 0 with a slope of 0 everywhere for b ≤ −|w|, and for no b above.
#[test]
fn starts_are_counted_by_what_became_of_them() {
    use crate::train::{Trial, Trials};
    let trial = |best: Option<[f64; 4]>, outcome| Trial {
        seed: 0,
        best: best.map(|parameters| Best { epoch: 3, mse: 1.0, parameters: parameters.to_vec() }),
        final_mse: None,
        outcome,
    };
    let diverged = Outcome::Diverged { epoch: 4 };
    let trials = Trials(vec![
        trial(Some([1.0, -1.0, 1.0, 0.0]), Outcome::Finished),
        trial(Some([-2.0, -2.0, 1.0, 0.0]), Outcome::Finished),
        trial(Some([1.0, -0.9, 1.0, 0.0]), Outcome::Finished),
        trial(Some([2.0, -3.0, 1.0, 0.0]), diverged),
        trial(None, diverged),
    ]);
    let expected = Starts { count: 5, diverged: 2, dead: 3 };
    assert_eq!(Starts::new(&neuron("relu(x)"), &trials), expected);
    // Nowhere is the slope of tanh 0 there.
    assert_eq!(Starts::new(&neuron("tanh(x)"), &trials), Starts { dead: 0, ..expected });
}

#[test]
fn the_typical_start_is_the_one_in_the_middle() {
    let start = |seed: u64, mse: f64| Trial {
        seed,
        best: mse.is_finite().then(|| Best { epoch: 0, mse, parameters: vec![mse; 4] }),
        final_mse: None,
        outcome: Outcome::Finished,
    };
    let typical = |losses: &[f64]| {
        let mut finding = finding(9.0, 3.0, (0.0, 0.26)).unwrap();
        finding.trials =
            Some(Arc::new(Trials((0..).zip(losses).map(|(seed, &mse)| start(seed, mse)).collect())));
        finding.typical().map(|best| best.mse)
    };
    assert_eq!(typical(&[5.0, 1.0, 3.0]), Some(3.0));
    assert_eq!(typical(&[5.0, 1.0, 3.0, 2.0]), Some(2.0));
    assert_eq!(typical(&[5.0, f64::INFINITY, f64::INFINITY, 2.0]), Some(5.0));
    assert_eq!(typical(&[f64::INFINITY, f64::INFINITY, 2.0]), None);
    // Of one start it is the run's.
    assert_eq!(finding(9.0, 3.0, (0.0, 0.26)).unwrap().typical().map(|best| best.mse), Some(9.0));
}
