//! `actfn-site list`.

use std::process::ExitCode;

use serde::Serialize;

use super::arguments::What;
use super::{Error, Output};
use crate::build::{Failure, Inputs, Options};
use crate::function::{builtins, functions};
use crate::plan;
use crate::spec::{Source, Specs};

/// One thing that a spec declares or uses.
#[derive(Serialize)]
struct Row {
    kind: &'static str,
    id: String,
    title: String,
    /// `file:line` below the specs folder; `None` for what is built in.
    source: Option<String>,
}

pub(super) fn run(options: &Options, what: Option<What>, output: &mut Output) -> Result<ExitCode, Error> {
    let specs = match (Inputs::read(options).load_specs(options), what) {
        (Ok(specs), _) => specs,
        // Whoever has mistyped a name of these looks for what is built in, and has faulty specs.
        (Err(failure), Some(what @ (What::Activations | What::Models | What::Figures | What::Functions)))
            if !output.json =>
        {
            let nothing = crate::spec::load(&[], Vec::new()).map_err(Failure::Specs)?;
            print(&rows(&nothing, what, true), output)?;
            return Err(failure.into());
        }
        (Err(failure), _) => return Err(failure.into()),
    };
    let rows: Vec<Row> = match what {
        // Asked for activations, it tells all that can be named.
        Some(what) => rows(&specs, what, true),
        // The cases are many; they are listed only where they are asked for.
        None => {
            [What::Experiments, What::Targets, What::Activations, What::Models, What::Figures, What::Pages]
                .into_iter()
                .flat_map(|what| rows(&specs, what, false))
                .collect()
        }
    };
    if output.json {
        output.value(&rows)?;
    } else {
        print(&rows, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(rows: &[Row], output: &mut Output) -> Result<(), Error> {
    let width = |text: fn(&Row) -> &str| rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0);
    let (kind, id, title) = (width(|row| row.kind), width(|row| &row.id), width(|row| &row.title));
    for row in rows {
        let source = row.source.as_deref().unwrap_or("built in");
        output.line(&format!("{:kind$}  {:id$}  {:title$}  {source}", row.kind, row.id, row.title))?;
    }
    Ok(())
}

fn rows(specs: &Specs, what: What, has_unused: bool) -> Vec<Row> {
    let at = |source: Option<&Source>| source.map(|source| format!("{}:{}", source.path, source.line));
    let row = |kind, id: &str, title: &str, source| Row {
        kind,
        id: id.into(),
        title: title.into(),
        source: at(source),
    };
    match what {
        What::Experiments => specs
            .experiments
            .iter()
            .map(|experiment| row("experiment", &experiment.id, &experiment.title, Some(&experiment.source)))
            .collect(),
        What::Cases => {
            let source =
                |id: &str| specs.experiments.iter().find(|experiment| experiment.id == id).map(|e| &e.source);
            let plan = plan::plan(specs);
            let cases = plan.cases.iter();
            cases
                .map(|case| {
                    let title = case.model.model_type.name();
                    row(
                        "case",
                        &format!("{}/{}", case.experiment, case.path()),
                        title,
                        source(&case.experiment),
                    )
                })
                .collect()
        }
        What::Targets => {
            specs.targets.values().map(|it| row("target", &it.id, &it.title, Some(&it.source))).collect()
        }
        What::Activations => {
            let used = specs.activations.values();
            let mut rows: Vec<Row> =
                used.map(|it| row("activation", &it.id, &it.title, it.source.as_ref())).collect();
            if has_unused {
                let unused = builtins().iter().filter(|builtin| !specs.activations.contains_key(builtin.id));
                rows.extend(unused.map(|builtin| row("activation", builtin.id, builtin.title, None)));
                rows.sort_by(|a, b| a.id.cmp(&b.id));
            }
            rows
        }
        What::Models => {
            specs.models.values().map(|it| row("model", &it.id, &it.title, it.source.as_ref())).collect()
        }
        What::Figures => {
            specs.figures.values().map(|it| row("figure", &it.id, &it.title, it.source.as_ref())).collect()
        }
        What::Functions => {
            functions().iter().map(|(call, meaning)| row("function", call, meaning, None)).collect()
        }
        What::Pages => {
            specs.pages.iter().map(|it| row("page", &it.id, &it.title, Some(&it.source))).collect()
        }
    }
}
