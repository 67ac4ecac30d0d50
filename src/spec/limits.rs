//! How much a site may ask for. What is more is likelier a slip, or meant to harm, than meant; who means it raises the limit by
//! its name, `limits: {epochs: 50000000}` in the `site` spec.

use super::typed::{self, Kind};
use super::yaml::{self, Node, Value};
use crate::fs::TextFile;

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    /// Its name under `limits`.
    pub(super) name: &'static str,
    /// The most that is allowed.
    pub(super) most: u64,
    /// The most that it can be raised to: what the program itself can bear.
    pub(super) ceiling: u64,
}

impl Limit {
    const fn new(name: &'static str, most: u64, ceiling: u64) -> Self {
        Self { name, most, ceiling }
    }

    /// Whether a number of something is more than allowed.
    pub(super) fn is_exceeded(self, number: usize) -> bool {
        number as u64 > self.most
    }

    /// How to have more, for a message that refuses so much.
    pub(super) fn help(self, wanted: impl TryInto<u64>) -> String {
        let wanted = wanted.try_into().unwrap_or(u64::MAX);
        if wanted > self.ceiling {
            return format!(
                "`limits: {{{}: …}}` in the `site` spec allows up to {}",
                self.name, self.ceiling
            );
        }
        format!("if it is meant, `limits: {{{}: {wanted}}}` in the `site` spec allows it", self.name)
    }
}

/// Declares the limits: each with its name, what it is without being raised, and what it can be raised to.
macro_rules! limits {
    ($($name:ident: $most:literal up to $ceiling:literal,)*) => {
        /// All limits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) struct Limits {
            $(pub(super) $name: Limit,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: Limit::new(stringify!($name), $most, $ceiling),)* }
            }
        }

        impl Limits {
            /// The limits as a site gives them; what it gives wrongly, it does not give.
            fn given(typed: &typed::Limits) -> Self {
                let mut limits = Self::default();
                $(if let Some(given) = typed.$name.value() {
                    if (1..=limits.$name.ceiling).contains(&given.value) {
                        limits.$name.most = given.value;
                    }
                })*
                limits
            }

            /// All limits as far up as they go.
            pub(super) fn raised() -> Self {
                Self { $($name: Limit::new(stringify!($name), $ceiling, $ceiling),)* }
            }

            /// Each with what a site says of it.
            pub(super) fn with_given(
                typed: &typed::Limits,
            ) -> impl Iterator<Item = (Limit, &super::decode::Field<super::decode::Located<u64>>)> {
                let limits = Self::default();
                [$((limits.$name, &typed.$name)),*].into_iter()
            }
        }
    };
}

// Activations are compared in pairs. Snapshots are frames; numbers are of 8 bytes. Pages of 20,000 cases alone are half of what
// GitHub Pages publish, and take six seconds to check.
limits! {
    bytes: 4_000_000 up to 64_000_000,
    values: 100_000 up to 10_000_000,
    text: 100_000 up to 64_000_000,
    cases: 20_000 up to 10_000_000,
    figures: 200_000 up to 20_000_000,
    epochs: 10_000_000 up to 1_000_000_000_000,
    snapshots: 10_000 up to 1_000_000,
    points: 100_000 up to 10_000_000,
    seeds: 10_000 up to 1_000_000,
    restarts: 1_000 up to 1_000_000,
    numbers: 20_000_000 up to 10_000_000_000,
    layers: 16 up to 200,
    units: 1_024 up to 1_000_000,
    pixels: 4_000 up to 16_000,
    resolution: 1_000 up to 10_000,
    boxes: 10_000_000 up to 1_000_000_000,
    coefficients: 64 up to 400,
    pages: 1_000 up to 10_000,
    activations: 300 up to 3_000,
}

impl Limits {
    /// The limits of a site: those that the `site` spec of these files gives. It is looked for before anything else is read,
    /// in files that keep the usual limits themselves, and together that of their bytes.
    pub(super) fn of(files: &[TextFile]) -> Self {
        // A long text beside the limit that allows it does no harm before it is shown.
        let usual = Self::default();
        let lenient = Self { text: Self::raised().text, ..usual };
        let mut bytes = 0_usize;
        for TextFile { file, .. } in files {
            let may_give = file.text.contains("limits") && file.text.contains("site");
            if !may_give || usual.bytes.is_exceeded(bytes.saturating_add(file.text.len())) {
                continue;
            }
            bytes += file.text.len();
            let nodes = yaml::parse(file, &lenient, &mut 0).unwrap_or_default();
            if let Some(Kind::Site(site)) =
                nodes.iter().find(|node| is_site(node)).and_then(|node| typed::site(node, file))
            {
                return site.limits.value().map_or(usual, Self::given);
            }
        }
        usual
    }
}

fn is_site(node: &Node) -> bool {
    let Value::Mapping(entries) = &node.value else { return false };
    entries.iter().any(|entry| entry.key == "kind" && entry.value.value == Value::Text("site".into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::spec;

    fn file(name: &str, text: &str) -> TextFile {
        let file = SourceFile { path: format!("specs/{name}"), text: text.into() };
        TextFile { name: name.into(), file: Arc::new(file) }
    }

    #[test]
    fn the_schema_tells_what_the_limits_are() {
        let schema = spec::schema();
        let told = &schema["definitions"]["site"]["properties"]["limits"]["properties"];
        let file = file("site.yaml", "kind: site\nlimits: {}\n");
        let nodes = yaml::parse(&file.file, &Limits::default(), &mut 0).unwrap();
        let Some(Kind::Site(site)) = typed::site(&nodes[0], &file.file) else { panic!() };
        let typed = site.limits.value().unwrap();
        let mut count = 0;
        for (limit, _) in Limits::with_given(typed) {
            assert_eq!(told[limit.name]["default"], limit.most, "{}", limit.name);
            assert!(limit.most <= limit.ceiling);
            count += 1;
        }
        assert_eq!(count, told.as_object().unwrap().len());
    }

    #[test]
    fn a_limit_is_raised_by_its_name_from_any_file() {
        let asks = "kind: experiment\nid: e\ntarget: t\nactivation: tanh\ntraining: {learning_rate: 0.1, epochs: 12000000}\n\
            ---\nkind: target\nid: t\nexpression: x\n";
        let site = |epochs: &str| format!("kind: site\nlimits: {{epochs: {epochs}}}\n");
        let load = |site: &str| spec::load(&[file("a.yaml", asks), file("site.yaml", site)], Vec::new());
        let found = load("kind: site\n").unwrap_err();
        assert!(found[0].message.contains("`epochs` must be a whole number from 1 to 10000000"));
        assert_eq!(
            found[0].help,
            ["if it is meant, `limits: {epochs: 12000000}` in the `site` spec allows it"]
        );
        assert!(load(&site("12000000")).is_ok());
        assert!(load(&site("1.2e7")).is_ok());
        assert!(load(&site("11999999")).is_err());
        // However much the files before it hold, whatever words are in them.
        let much = format!("# limits of a site\n{asks}z: [{}]\n", "1,".repeat(120_000));
        let raised = "kind: site\nlimits: {values: 900000, epochs: 12000000}\n";
        let found = spec::load(&[file("a.yaml", &much), file("site.yaml", raised)], Vec::new()).unwrap_err();
        assert!(found.iter().all(|fault| fault.message.contains("has no field `z`")), "{found:?}");
        // A limit can be lowered too, and not raised without end.
        let small = asks.replace("12000000", "50");
        let lowered = spec::load(&[file("a.yaml", &small), file("site.yaml", &site("40"))], Vec::new());
        assert!(lowered.unwrap_err()[0].message.contains("from 1 to 40"));
        for wrong in ["0", "-1", "1e13", "12000000.5", "1000000000001", "many"] {
            let found = load(&site(wrong)).unwrap_err();
            assert!(
                found.iter().any(|fault| fault.place.as_ref().unwrap().file.path == "specs/site.yaml"),
                "{wrong}"
            );
        }
        let found = load("kind: site\nlimits: {epoch: 5}\n").unwrap_err();
        assert!(found.iter().any(|fault| fault.help.contains(&"did you mean `epochs`?".to_owned())));
    }
}
