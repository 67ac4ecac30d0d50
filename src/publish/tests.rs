//! Publishing, against folders that others write to as well.

use super::*;

fn site<'t>(files: &[(&'t str, &'t str)]) -> Vec<(&'t str, &'t str)> {
    files.to_vec()
}

fn counts(published: &Published) -> (usize, usize, usize) {
    (published.written.len(), published.unchanged, published.removed.len())
}

/// Publishes, and removes what was replaced.
fn publish(out: &Path, files: &[(&str, &str)]) -> Result<Published, PublishError> {
    publish_by(out, files, Exchange::Whole)
}

fn publish_by(out: &Path, files: &[(&str, &str)], exchange: Exchange) -> Result<Published, PublishError> {
    let publication = Publication::begin(out)?;
    files.iter().for_each(|(name, text)| publication.put(name, text.as_bytes()));
    publication.finish(exchange).map(|(published, _)| published)
}

fn names(out: &Path) -> Vec<String> {
    let files = WalkDir::new(out).min_depth(1).sort_by_file_name().into_iter();
    files.map(|entry| slashed(entry.unwrap().path().strip_prefix(out).unwrap()).unwrap()).collect()
}

#[test]
fn a_site_replaces_the_last_one_and_leaves_what_others_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    let first =
        publish(&out, &site(&[("index.html", "1"), ("a/index.html", "a"), ("b/x.png", "b")])).unwrap();
    assert_eq!(counts(&first), (3, 0, 0));
    fs::write(out.join("CNAME"), "example.org").unwrap();
    fs::create_dir_all(out.join("a/mine")).unwrap();
    fs::write(out.join("a/mine/notes.txt"), "mine").unwrap();
    let second = publish(&out, &site(&[("index.html", "2"), ("a/index.html", "a")])).unwrap();
    assert_eq!(counts(&second), (1, 1, 1));
    assert_eq!(
        names(&out),
        [MANIFEST, "CNAME", "a", "a/index.html", "a/mine", "a/mine/notes.txt", "index.html"]
    );
    assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "2");
    assert_eq!(names(folder.path())[0], "public", "no staging folder is left");
    let third = publish(&out, &site(&[("index.html", "2"), ("a/index.html", "a")])).unwrap();
    assert_eq!(counts(&third), (0, 2, 0));
}

#[test]
fn files_can_be_replaced_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    publish(&out, &site(&[("index.html", "1"), ("a/index.html", "a"), ("b/x.png", "b")])).unwrap();
    fs::write(out.join("a/notes.txt"), "mine").unwrap();
    let second = site(&[("index.html", "2"), ("c/index.html", "c")]);
    let published = publish_by(&out, &second, Exchange::Each).unwrap();
    assert_eq!(counts(&published), (2, 0, 2));
    assert_eq!(names(&out), [MANIFEST, "a", "a/notes.txt", "c", "c/index.html", "index.html"]);
    assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "2");
    assert_eq!(names(folder.path())[0], "public", "no staging folder is left");
    assert_eq!(counts(&publish(&out, &second).unwrap()), (0, 2, 0));
    // What is known to be there is not looked at.
    let publication = Publication::begin(&out).unwrap();
    let known = Content { hash: blake3::hash(b"2"), length: 1 };
    publication.keep("index.html", known);
    publication.put("c/index.html", b"d");
    assert_eq!(counts(&publication.finish(Exchange::Each).unwrap().0), (1, 1, 0));
    assert_eq!(read_manifest(&out)["index.html"], known.hash);
    assert_eq!(fs::read_to_string(out.join("c/index.html")).unwrap(), "d");
}

#[test]
fn files_that_were_replaced_before_a_failure_are_ours() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    publish(&out, &site(&[("index.html", "1"), ("old.html", "o")])).unwrap();
    fs::write(out.join("c"), "a file where a folder should be").unwrap();
    publish_by(&out, &site(&[("a.html", "a"), ("c/index.html", "c")]), Exchange::Each).unwrap_err();
    fs::remove_file(out.join("c")).unwrap();
    let published = publish(&out, &site(&[("a.html", "another"), ("index.html", "1")])).unwrap();
    assert_eq!(
        (published.written, published.removed),
        (vec!["a.html".to_owned()], vec!["old.html".to_owned()])
    );
}

#[test]
fn a_foreign_file_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.html"), "mine").unwrap();
    let error = publish(folder.path(), &site(&[("index.html", "ours"), ("a.html", "a")])).unwrap_err();
    assert!(matches!(error, PublishError::Foreign { .. }));
    assert_eq!(names(folder.path()), ["index.html"]);
    assert_eq!(fs::read_to_string(folder.path().join("index.html")).unwrap(), "mine");
}

#[test]
fn a_file_in_the_place_of_the_folder_stays() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    fs::write(&out, "mine").unwrap();
    let error = publish(&out, &site(&[("index.html", "ours")])).unwrap_err();
    assert!(matches!(error, PublishError::NoFolder { .. }));
    assert_eq!(
        (names(folder.path()), fs::read_to_string(&out).unwrap()),
        (vec!["public".into()], "mine".into())
    );
}

#[test]
fn a_changed_file_of_an_earlier_build_is_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    publish(&out, &site(&[("index.html", "1"), ("a.html", "a")])).unwrap();
    fs::write(out.join("a.html"), "edited").unwrap();
    let published = publish(&out, &site(&[("index.html", "1")])).unwrap();
    assert_eq!((published.removed, published.kept), (vec![], vec!["a.html".to_owned()]));
    assert!(out.join("a.html").exists());
}

#[test]
fn a_manifest_cannot_name_what_lies_outside() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    fs::create_dir(&out).unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, "v").unwrap();
    let hash = blake3::hash(b"v");
    let lines = format!("{hash}  ../victim\n{hash}  {}\nnonsense\n", victim.display());
    fs::write(out.join(MANIFEST), lines).unwrap();
    publish(&out, &site(&[("index.html", "1")])).unwrap();
    assert!(victim.exists());
}
