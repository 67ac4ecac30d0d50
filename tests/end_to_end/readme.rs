//! The README keeps its promises.

use crate::support::Project;

const README: &str = include_str!("../../README.md");

#[test]
fn the_example_builds() {
    let examples: Vec<&str> =
        README.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        let project = Project::new(&[("specs/example.yaml", example)]);
        let ran = project.run(&["build", "--quiet"]);
        assert_eq!(ran.status, 0, "{example}\n{}", ran.stderr);
    }
}

#[test]
fn its_pictures_are_there() {
    let images = README.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    for path in images.filter(|path| path.starts_with("public/") || path.starts_with("specs/")) {
        assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
}
