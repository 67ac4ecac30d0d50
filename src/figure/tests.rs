//! Whole figures: of every type, of runs good and bad, at sizes large and small.

use std::sync::Arc;

use super::*;
use crate::attain::{self, Attainable};
use crate::cache::KeyBuilder;
use crate::diagnostic::{Place, SourceFile};
use crate::function::Function;
use crate::plan::Form;
use crate::spec::{
    Color, Colormap, Data, Descent, MatrixValue, Method, Model, ModelType, Noise, Optimizer, Panel, Scale,
    Schedule, Source, Target, Training, Validation,
};
use crate::train::{Best, Outcome, Run, Snapshot, train};

fn activation(id: &str, symbol: &str, expression: &str) -> Activation {
    Activation {
        id: id.into(),
        title: id.into(),
        description: String::new(),
        symbol: symbol.into(),
        formula: expression.into(),
        function: Function::parse(expression, &[]).unwrap(),
        expression: expression.into(),
        parameters: Vec::new(),
        color: Color { red: 0x1f, green: 0x77, blue: 0xb4 },
        references: Vec::new(),
        builtin: None,
        source: None,
    }
}

fn case(model_type: ModelType, activation: Activation, target: &str) -> Case {
    let function = Function::parse(target, &[]).unwrap();
    let file = Arc::new(SourceFile { path: "t.yaml".into(), text: String::new() });
    let place = Place { file, span: 0..0, label: String::new() };
    let source = Source { path: "t.yaml".into(), line: 1, text: String::new(), place };
    let initial = (0..model_type.parameter_count()).map(|_| 0.3).collect();
    Case {
        experiment: "e".into(),
        levels: vec!["t".into(), activation.id.clone()],
        axes: Vec::new(),
        target: Arc::new(Target {
            id: "t".into(),
            title: "t".into(),
            explanation: String::new(),
            function,
            formula: target.into(),
            expression: None,
            parameters: Vec::new(),
            source,
        }),
        activation: Arc::new(activation),
        model: Arc::new(Model {
            id: "m".into(),
            title: "m".into(),
            description: String::new(),
            model_type,
            source: None,
        }),
        data: Data { domain: (-2.5, 2.5), points: 50, noise: None, validation: None },
        initial,
        restarts: Vec::new(),
        training: Training {
            method: Method::Descent(Descent {
                optimizer: Optimizer::GradientDescent,
                learning_rate: 0.01,
                schedule: Schedule::HalveOnRise { every: 20, window: 5, minimum: 1e-5 },
                batches: None,
            }),
            epochs: 60,
            snapshot_every: 10,
            restarts: 1,
        },
        seeded: Vec::new(),
        has_page: true,
        success_within: 0.05,
        trials_key: None,
        attainable: None,
        key: KeyBuilder::new("run", 1).finish(),
    }
}

/// A run with what could have been reached, which need not be true here.
fn finding(run: Run) -> Finding {
    let attainable = Attainable {
        lower: 0.1,
        upper: 0.2,
        parameters: vec![1.0, -0.5, 2.0, 0.0],
        scale: 1.0,
        is_closed: false,
        w: (-8.0, 8.0),
        b: (-8.0, 8.0),
        method: attain::Method::Exact,
        beyond: None,
    };
    Finding {
        starts: None,
        run: Arc::new(run),
        trials: None,
        attainable: Some(Arc::new(attainable)),
        diagnoses: Vec::new(),
    }
}

fn tanh() -> Activation {
    activation("tanh", r"\tanh", "tanh(x)")
}

fn neuron() -> Case {
    case(ModelType::SingleNeuron, tanh(), "0.4*x^3 - 0.8*x^2 + 1.5*x + 0.5")
}

fn figure(size: (u32, u32), figure_type: FigureType) -> Figure {
    let (id, title, caption) = ("f".into(), "f".into(), String::new());
    Figure { id, title, caption, size, has_svg: false, figure_type, source: None }
}

/// The file in its main form.
fn draw(figure: &Figure, input: Input<'_>) -> Vec<u8> {
    super::draw(figure, input, Form::Main)
}

fn types() -> Vec<FigureType> {
    let panels = vec![Panel::Fit, Panel::Trajectory("w".into()), Panel::Trajectory("absent".into())];
    vec![
        FigureType::Fit,
        FigureType::Convergence { fps: 12.0, panels },
        FigureType::Activation { z: (-5.0, 5.0) },
        FigureType::ParameterFan { z: (-5.0, 5.0) },
        FigureType::Trajectories,
        FigureType::LossLandscape {
            w: (-4.0, 4.0),
            b: (-4.0, 4.0),
            resolution: 9,
            colormap: Colormap::Viridis,
        },
        FigureType::Comparison,
        FigureType::LossComparison { scale: Scale::Log },
        FigureType::LossComparison { scale: Scale::Linear },
        FigureType::LossCurve { scale: Scale::Log },
        FigureType::LossCurve { scale: Scale::Linear },
        FigureType::Attainable,
        FigureType::LossBoxes,
        FigureType::Matrix { value: MatrixValue::Gap },
        FigureType::Matrix { value: MatrixValue::Success },
    ]
}

/// The pictures of a PNG or GIF file as a viewer shows them, each with its delay in hundredths of a second.
fn decode(bytes: &[u8]) -> Vec<(Vec<u8>, u16)> {
    if bytes.starts_with(b"\x89PNG") {
        let mut decoder = ::png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(::png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut data).unwrap();
        data.truncate(info.buffer_size());
        return vec![(data, 0)];
    }
    let mut options = ::gif::DecodeOptions::new();
    options.set_color_output(::gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes).unwrap();
    let width = usize::from(decoder.width());
    let mut shown = vec![0_u8; width * usize::from(decoder.height()) * 3];
    let mut pictures = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        for (at, pixel) in frame.buffer.chunks(4).enumerate() {
            let (column, row) = (at % usize::from(frame.width), at / usize::from(frame.width));
            let place = (usize::from(frame.top) + row) * width + usize::from(frame.left) + column;
            if pixel[3] > 0 {
                shown[3 * place..3 * place + 3].copy_from_slice(&pixel[..3]);
            }
        }
        pictures.push((shown.clone(), frame.delay));
    }
    pictures
}

/// Runs as they can be, beside those that ended well.
fn runs(case: &Case) -> Vec<(&'static str, Run)> {
    let count = case.model.model_type.parameter_count();
    let snapshot = |epoch, value| Snapshot { epoch, parameters: vec![value; count], loss: 1e300 };
    let nothing = Run { outcome: Outcome::Diverged { epoch: 0 }, ..Run::new() };
    let at_once = Run {
        losses: vec![1e300],
        snapshots: vec![snapshot(0, 1e300)],
        best: Some(Best { epoch: 0, mse: 1e300, parameters: vec![1e300; count] }),
        outcome: Outcome::Diverged { epoch: 1 },
        halvings: vec![1],
        ..Run::new()
    };
    let late = Run {
        losses: vec![1.0, 0.0, 1e-320, 1e300],
        snapshots: vec![snapshot(0, 0.1), snapshot(2, -1e300), snapshot(3, f64::MAX)],
        best: Some(Best { epoch: 1, mse: 0.0, parameters: vec![0.1; count] }),
        outcome: Outcome::Diverged { epoch: 4 },
        halvings: vec![1, 2],
        ..Run::new()
    };
    let still = Run {
        losses: vec![2.0; 60],
        snapshots: (0..=6).map(|index| Snapshot { loss: 2.0, ..snapshot(10 * index, 0.3) }).collect(),
        best: Some(Best { epoch: 0, mse: 2.0, parameters: vec![0.3; count] }),
        ..Run::new()
    };
    vec![("nothing", nothing), ("at once", at_once), ("late", late), ("still", still), ("good", train(case))]
}

#[test]
fn every_figure_of_every_run_is_a_picture_of_its_size() {
    let mlp = case(ModelType::Mlp { hidden_sizes: vec![3, 2] }, tanh(), "sin(x)");
    let flat = case(ModelType::ScaledInput, activation("identity", "", "x"), "0");
    let huge = case(ModelType::SingleNeuron, activation("cube", r"\mathrm{cube}", "1e200*x^3"), "1e300*x");
    for case in [neuron(), mlp, flat, huge] {
        for (name, run) in runs(&case) {
            let finding = finding(run);
            let run = &finding.run;
            for figure_type in types() {
                for size in [(1, 1), (16, 200), (200, 16), (160, 120)] {
                    let cases = [(&case, &finding), (&case, &finding)];
                    let bytes = draw(&figure(size, figure_type.clone()), Input::Cases(&cases));
                    let pictures = decode(&bytes);
                    let is_animated = matches!(figure_type, FigureType::Convergence { .. });
                    let frames = if is_animated { run.snapshots.len().max(1) } else { 1 };
                    assert_eq!(pictures.len(), frames, "{name} {figure_type:?} {size:?}");
                    let pixels = size.0 as usize * size.1 as usize;
                    assert!(pictures.iter().all(|(picture, _)| picture.len() == 3 * pixels));
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_together_still_makes_a_picture() {
    let activation = tanh();
    for figure_type in types() {
        let figure = figure((120, 80), figure_type);
        assert_eq!(decode(&draw(&figure, Input::Activation(&activation))).len(), 1);
        assert_eq!(decode(&draw(&figure, Input::Cases(&[]))).len(), 1);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let case = neuron();
    let finding = finding(train(&case));
    for figure_type in types() {
        let figure = figure((300, 200), figure_type);
        let first = draw(&figure, Input::Cases(&[(&case, &finding)]));
        // Another thread has rasterised no letter yet.
        let again = std::thread::scope(|scope| {
            scope.spawn(|| draw(&figure, Input::Cases(&[(&case, &finding)]))).join().unwrap()
        });
        assert_eq!(first, again, "{:?}", figure.figure_type);
    }
}

#[test]
fn an_animation_shows_the_frames_as_they_were_drawn() {
    let case = neuron();
    let mut run = train(&case);
    // A snapshot in which nothing changes but the epoch, and one in which nothing changes at all.
    run.snapshots[3].parameters = run.snapshots[2].parameters.clone();
    run.snapshots[4] = run.snapshots[3].clone();
    let (size, panels) = ((300, 200), vec![Panel::Fit, Panel::Trajectory("b".into())]);
    let mut expected: Vec<Vec<u8>> = Vec::new();
    convergence::draw_frames(size, &panels, &case, &run, |frame| {
        expected.push(frame.rgb().flatten().collect());
    });
    assert_eq!(expected.len(), 7);
    assert_eq!(expected[3], expected[4]);
    let animation = FigureType::Convergence { fps: 12.0, panels };
    let finding = finding(run);
    let shown = decode(&draw(&figure(size, animation), Input::Cases(&[(&case, &finding)])));
    // 12 frames a second are 8 hundredths each; the last one stays.
    let delays: Vec<u16> = shown.iter().map(|(_, delay)| *delay).collect();
    assert!(delays[..6] == [8; 6] && delays[6] >= 200, "{delays:?}");
    for (index, ((picture, _), expected)) in shown.iter().zip(&expected).enumerate() {
        let worst = picture.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        // The palette's tolerance, as the tests of the encoder check it.
        assert!(worst <= 15, "frame {index}: {worst}");
    }
}

/// How many pixels of a picture are of a colour, give or take a little.
fn count(picture: &[u8], color: [u8; 3]) -> usize {
    picture.chunks(3).filter(|pixel| pixel.iter().zip(color).all(|(a, b)| a.abs_diff(b) <= 8)).count()
}

#[test]
fn a_diverged_run_says_so_in_red() {
    let case = neuron();
    let alarm = [0xb0, 0x1c, 0x1c];
    let shown = |figure_type: &FigureType, finding: &Finding| {
        let bytes = draw(&figure((900, 600), figure_type.clone()), Input::Cases(&[(&case, finding)]));
        count(&decode(&bytes)[0].0, alarm)
    };
    for figure_type in types() {
        // An activation has no run, comparisons say it in their legends, and bounds are of what there was before.
        if matches!(figure_type, FigureType::Activation { .. } | FigureType::ParameterFan { .. })
            || figure_type.spans_cases()
        {
            continue;
        }
        for (name, run) in runs(&case) {
            let is_diverged = run.is_diverged();
            assert_eq!(shown(&figure_type, &finding(run)) > 15, is_diverged, "{name} {figure_type:?}");
        }
    }
}

#[test]
fn held_out_points_and_their_loss_are_told_from_the_others() {
    let orange = [0xc2, 0x5a, 0x00];
    let plain = neuron();
    let mut split = neuron();
    split.data.noise = Some(Noise { std: 2.0, seed: 1 });
    split.data.validation = Some(Validation { fraction: 0.2, seed: None });
    for figure_type in [FigureType::Fit, FigureType::LossCurve { scale: Scale::Log }, FigureType::Comparison]
    {
        let shown = |case: &Case| {
            let run = train(case);
            let bytes =
                draw(&figure((900, 600), figure_type.clone()), Input::Cases(&[(case, &finding(run))]));
            count(&decode(&bytes)[0].0, orange)
        };
        assert_eq!(shown(&plain), 0, "{figure_type:?}");
        assert!(shown(&split) > 100, "{figure_type:?}: {}", shown(&split));
    }
}

#[test]
fn more_than_ten_are_gray_but_for_the_best() {
    let gray = [0xc4; 3];
    let of = |count: u16| -> Vec<(Case, Finding)> {
        // One learns less than the other, so that all curves differ.
        let learned = (0..count).map(|at| {
            let mut case = neuron();
            case.training.epochs = 400 / (usize::from(at) + 1);
            let finding = finding(train(&case));
            (case, finding)
        });
        learned.collect()
    };
    let (ten, twelve) = (of(10), of(12));
    for figure_type in [FigureType::Comparison, FigureType::LossComparison { scale: Scale::Log }] {
        let shown = |all: &[(Case, Finding)]| {
            let cases: Vec<(&Case, &Finding)> = all.iter().map(|(case, finding)| (case, finding)).collect();
            let bytes = draw(&figure((1800, 1200), figure_type.clone()), Input::Cases(&cases));
            count(&decode(&bytes)[0].0, gray)
        };
        let (without, with) = (shown(&ten), shown(&twelve));
        assert!(with > without + 300, "{figure_type:?}: {without} {with}");
    }
}

#[test]
fn a_landscape_of_another_model_is_refused_in_words() {
    let case = case(ModelType::ScaledInput, tanh(), "x");
    let finding = finding(train(&case));
    let landscape = types().into_iter().nth(5).unwrap();
    let picture =
        decode(&draw(&figure((600, 400), landscape), Input::Cases(&[(&case, &finding)]))).remove(0).0;
    assert!(count(&picture, [0; 3]) > 150 && count(&picture, [0x44, 0x01, 0x54]) == 0);
}

#[test]
fn a_fan_has_a_panel_for_each_parameter_and_a_curve_for_each_value() {
    let parameters = vec![("alpha".to_owned(), 1.0), ("b".to_owned(), 0.0)];
    let expression = "alpha * tanh(x) + b";
    let function = Function::parse(expression, &parameters).unwrap();
    let fanned = Activation {
        function,
        parameters,
        expression: expression.into(),
        ..activation("fanned", r"\mathrm{f}", "x")
    };
    let fan = figure((600, 800), FigureType::ParameterFan { z: (-5.0, 5.0) });
    let picture = decode(&draw(&fan, Input::Activation(&fanned))).remove(0).0;
    let half = picture.len() / 2;
    for panel in [&picture[..half], &picture[half..]] {
        // The first and the middle colour of five along viridis, up to 86 % of the way.
        for share in [0.0, 0.43] {
            assert!(count(panel, colormap::color(Colormap::Viridis, share)) > 200);
        }
    }
    let plain = decode(&draw(&fan, Input::Activation(&tanh()))).remove(0).0;
    assert!(plain != picture);
}

#[test]
fn every_figure_can_be_drawn_in_every_form() {
    let case = neuron();
    for (name, run) in runs(&case) {
        let finding = finding(run);
        let cases = [(&case, &finding), (&case, &finding)];
        for figure_type in types() {
            if matches!(figure_type, FigureType::Convergence { .. }) {
                continue;
            }
            for size in [(16, 200), (300, 200)] {
                let figure = figure(size, figure_type.clone());
                let [light, dark, svg, card] = [Form::Main, Form::Dark, Form::Svg, Form::Card]
                    .map(|form| super::draw(&figure, Input::Cases(&cases), form));
                let (light, dark) = (decode(&light).remove(0).0, decode(&dark).remove(0).0);
                assert_eq!(light.len(), dark.len());
                assert!(
                    light.starts_with(&[255; 3]) && dark.starts_with(&[0x1c, 0x20, 0x27]),
                    "{figure_type:?}"
                );
                assert_eq!(decode(&card).remove(0).0.len(), light.len());
                let svg = String::from_utf8(svg).unwrap();
                let document = roxmltree::Document::parse(&svg);
                assert!(document.is_ok(), "{name} {figure_type:?} {size:?}: {:?}", document.err());
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name} {figure_type:?}");
            }
        }
    }
}

#[test]
fn the_alarm_is_seen_in_the_dark() {
    let case = neuron();
    let (_, run) = runs(&case).swap_remove(2);
    let fit = figure((900, 600), FigureType::Fit);
    let finding = finding(run);
    let picture = decode(&super::draw(&fit, Input::Cases(&[(&case, &finding)]), Form::Dark)).remove(0).0;
    let words = paper::Paper::DARK.words(fit::ALARM);
    assert!(crate::color::contrast(words.rgb, [0x1c, 0x20, 0x27]) >= 4.5);
    assert!(count(&picture, words.rgb) > 15);
}
