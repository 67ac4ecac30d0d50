//! The pages of activations: what they say of the functions and of the results.

use crate::support::{GALLERY, small};

fn page(site: &std::collections::BTreeMap<String, Vec<u8>>, path: &str) -> String {
    String::from_utf8(site[path].clone()).unwrap()
}

/// The text between the tags, spaces joined.
fn text(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        text.push(' ');
        text.push_str(piece.split_once('>').map_or("", |(_, rest)| rest));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_activation_of_ones_own_is_examined_like_a_built_in() {
    let project = small();
    project.write(
        "specs/own.yaml",
        "kind: activation\nid: own\nexpression: if(x > 0, x, slope * x) + 1\nparameters: {slope: 0.01}\n",
    );
    project.edit("specs/small.yaml", "[tanh, relu]", "[own, relu, leaky_relu]");
    project.build();
    let site = project.site();
    let own = text(&page(&site, "activations/own/index.html"));
    for expected in [
        "range (−∞, ∞)",
        "monotone increasing",
        "Lipschitz constant 1, attained at z = 0",
        "zero-centred no: φ(0) = 1",
        "dead region none",
        "smoothness continuous and piecewise linear; φ′ jumps at z = 0 (from 0.01 to 1)",
        "right: no, φ goes on with slope 1",
        // Nothing is left of it once it is shifted.
        "Leaky ReLU 0 % 1",
        "slope 0.01",
    ] {
        assert!(own.contains(expected), "no `{expected}` in {own}");
    }
    assert!(site.contains_key("activations/own/parameter_fan.png"));
    assert!(!site.contains_key("activations/relu/parameter_fan.png"));
    assert!(text(&page(&site, "activations/relu/index.html")).contains("dead region z ≤ 0"));
    assert!(page(&site, "activations/index.html").contains(r#"id="table:activations""#));
    assert!(site.keys().any(|path| path.starts_with("assets/table.")));
}

#[test]
fn ranks_are_those_among_the_activations_of_an_experiment_on_a_target() {
    let site = GALLERY.site();
    // The original's results, ordered by their best MSE.
    let mut rows: Vec<(f64, String)> = include_str!("../fixtures/seed_benchmark.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>())
        .filter(|cells| cells[0] == "cubic_s")
        .map(|cells| (cells[6].parse().unwrap(), cells[1].clone()))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(rows.len(), 6);
    for (rank, (_, id)) in (1..).zip(&rows) {
        let html = page(&site, &format!("activations/{id}/index.html"));
        let row = html
            .split("<tr")
            .find(|row| row.contains("experiments/benchmark/cubic_s/"))
            .unwrap_or_else(|| panic!("{id} has no row of the benchmark"));
        assert!(row.contains(&format!(">{rank} of 6<")), "{id}: {row}");
        assert_eq!(row.contains(r#"class="lowest""#), rank == 1, "{id}");
    }
}
