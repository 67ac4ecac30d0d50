//! Publishing, against folders that others write to as well.

use super::*;

fn site<'t>(files: &[(&'t str, &'t str)]) -> Vec<(&'t str, &'t str)> {
    files.to_vec()
}

fn counts(published: &Published) -> (usize, usize, usize) {
    (published.written.len(), published.unchanged, published.removed.len())
}

fn begin(out: &Path, files: &[(&str, &str)]) -> Result<Publication, PublishError> {
    let publication = Publication::begin(out, || ())?;
    files.iter().for_each(|(name, text)| publication.put(name, text.as_bytes()));
    Ok(publication)
}

/// Publishes, and removes what was replaced.
fn publish(out: &Path, files: &[(&str, &str)]) -> Result<Published, PublishError> {
    begin(out, files)?.finish().map(|(published, _)| published)
}

/// As where nothing can be laid out beside the output folder.
fn publish_each(out: &Path, files: &[(&str, &str)]) -> Result<Published, PublishError> {
    let publication = Publication::begin(out, || ())?;
    publication.staging.as_ref().unwrap().stay_inside();
    files.iter().for_each(|(name, text)| publication.put(name, text.as_bytes()));
    publication.finish().map(|(published, _)| published)
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
    let published = publish_each(&out, &second).unwrap();
    assert_eq!(counts(&published), (2, 0, 2));
    assert_eq!(names(&out), [MANIFEST, "a", "a/notes.txt", "c", "c/index.html", "index.html"]);
    assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "2");
    assert_eq!(names(folder.path())[0], "public", "no staging folder is left");
    assert_eq!(counts(&publish(&out, &second).unwrap()), (0, 2, 0));
}

/// Publishes as one who will publish again.
fn publish_expecting_another(out: &Path, files: &[(&str, &str)]) -> Published {
    let publication = Publication::begin(out, || ()).unwrap().expecting_another();
    files.iter().for_each(|(name, text)| publication.put(name, text.as_bytes()));
    let (published, replaced) = publication.finish().unwrap();
    replaced.clear();
    published
}

#[test]
fn what_others_do_between_sites_is_as_they_left_it_where_a_folder_is_kept_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    let spare = folder.path().join(".public.actfn-site-spare");
    let (one, two) =
        ([("index.html", "1"), ("a/x.html", "x"), ("b/c/y.html", "y")], [("index.html", "2"), ("a", "a")]);
    publish_expecting_another(&out, &one);
    let write = |name: &str, text: &str| {
        fs::create_dir_all(out.join(name).parent().unwrap()).unwrap();
        fs::write(out.join(name), text).unwrap();
    };
    write("b/mine.txt", "mine");
    write("mine/other.txt", "other");
    fs::create_dir_all(out.join("mine/empty/folder")).unwrap();
    publish_expecting_another(&out, &two);
    assert!(spare.join("site/a/x.html").exists() && spare.join(".gitignore").exists());
    write("b/mine.txt", "mine, and changed");
    fs::remove_dir_all(out.join("mine/empty")).unwrap();
    fs::remove_file(out.join("mine/other.txt")).unwrap();
    write("mine/new.txt", "new");
    // What lies there is of no account.
    fs::write(spare.join("site/foreign.txt"), "foreign").unwrap();
    fs::remove_file(spare.join("site/b/c/y.html")).unwrap();
    fs::write(spare.join("site/b/c/y.html"), "wrong").unwrap();
    assert_eq!(counts(&publish_expecting_another(&out, &one)), (3, 0, 1));
    let all = ["a", "a/x.html", "b", "b/c", "b/c/y.html", "b/mine.txt", "index.html", "mine", "mine/new.txt"];
    assert_eq!(names(&out)[1..], all);
    assert_eq!(fs::read_to_string(out.join("b/mine.txt")).unwrap(), "mine, and changed");
    assert_eq!(fs::read_to_string(out.join("b/c/y.html")).unwrap(), "y");
    // A page that stays the same is the same file in both, and one that changes is changed in one of them.
    let changed = [("index.html", "3"), one[1], one[2]];
    assert_eq!(counts(&publish_expecting_another(&out, &changed)), (1, 2, 0));
    assert_eq!(fs::read_to_string(spare.join("site/index.html")).unwrap(), "1");
    assert_eq!(Stamp::of(&spare.join("site/a/x.html")), Stamp::of(&out.join("a/x.html")));
    assert_eq!(names(&out)[1..], all);
    remove_spare(&out);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left");
    publish_expecting_another(&out, &one);
    publish(&out, &one).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "who publishes once leaves nothing");
}

#[cfg(unix)]
#[test]
fn a_file_of_the_site_before_the_last_is_written_over_if_it_is_nowhere_else() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    let publish = |text: &str| {
        publish_expecting_another(&out, &[("index.html", text), ("a/b.html", "b")]);
        assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), text);
        out.join("index.html").metadata().unwrap().ino()
    };
    let (first, second) = (publish("the first text, which is long"), publish("2"));
    assert_ne!(first, second);
    assert_eq!((publish("3"), publish("the fourth")), (first, second));
    // The third has another name now.
    let other = folder.path().join("other");
    fs::hard_link(folder.path().join(".public.actfn-site-spare/site/index.html"), &other).unwrap();
    assert!(publish("5") != first);
    assert_eq!(fs::read_to_string(&other).unwrap(), "3");
}

#[test]
fn what_was_written_in_the_folder_for_the_next_site_is_not_lost_where_it_is_of_no_use() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    publish_expecting_another(&out, &[("index.html", "1"), ("a/b.html", "1")]);
    publish_expecting_another(&out, &[("index.html", "2"), ("a/b.html", "2")]);
    let publication = Publication::begin(&out, || ()).unwrap().expecting_another();
    for name in ["index.html", "a/b.html", "a/new/c.html"] {
        publication.put(name, b"3");
    }
    let spare = folder.path().join(".public.actfn-site-spare/site");
    assert_eq!(fs::read_to_string(spare.join("a/b.html")).unwrap(), "3");
    // Somebody removes the site.
    fs::remove_dir_all(&out).unwrap();
    publication.finish().unwrap().1.clear();
    assert_eq!(names(&out)[1..], ["a", "a/b.html", "a/new", "a/new/c.html", "index.html"]);
    assert_eq!(fs::read_to_string(out.join("a/b.html")).unwrap(), "3");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_folder_for_the_next_site_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    let foreign = folder.path().join("foreign");
    for link in ["", "/site"] {
        let spare = folder.path().join(".public.actfn-site-spare");
        fs::create_dir_all(foreign.join("site")).unwrap();
        fs::write(foreign.join("site/mine.txt"), "mine").unwrap();
        if link.is_empty() {
            std::os::unix::fs::symlink(&foreign, &spare).unwrap();
        } else {
            fs::create_dir(&spare).unwrap();
            std::os::unix::fs::symlink(foreign.join("site"), spare.join("site")).unwrap();
        }
        for text in ["1", "2", "3"] {
            publish_expecting_another(&out, &[("index.html", text)]);
            assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), text);
            assert_eq!(names(&foreign), ["site", "site/mine.txt"], "{link}");
        }
        if link.is_empty() {
            assert!(spare.is_symlink(), "what is no folder stays");
            fs::remove_file(&spare).unwrap();
        }
    }
}

#[test]
fn what_took_its_place_before_a_failure_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    // A file gives way to a folder, a folder to a file, others are replaced or go.
    let first = [("d/x/old", "o"), ("extra", "e"), ("index.html", "1"), ("old/deep/page", "p")];
    publish(&out, &site(&first)).unwrap();
    fs::create_dir_all(out.join("z/a folder where a file should be")).unwrap();
    let (before, list) = (names(&out), fs::read(out.join(MANIFEST)).unwrap());
    let second = [("d", "d"), ("extra/more", "m"), ("index.html", "2"), ("new/deep/page", "n"), ("z", "z")];
    publish_each(&out, &site(&second)).unwrap_err();
    assert_eq!((names(&out), fs::read(out.join(MANIFEST)).unwrap()), (before, list));
    for (name, text) in first {
        assert_eq!(fs::read_to_string(out.join(name)).unwrap(), text);
    }
    fs::remove_dir_all(out.join("z")).unwrap();
    assert_eq!(counts(&publish_each(&out, &site(&second)).unwrap()), (5, 0, 3));
    let expected =
        [MANIFEST, "d", "extra", "extra/more", "index.html", "new", "new/deep", "new/deep/page", "z"];
    assert_eq!(names(&out), expected);
}

#[test]
fn a_known_file_is_not_looked_at_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    publish(&out, &site(&[("index.html", "2"), ("c/index.html", "c")])).unwrap();
    let content = Content { hash: blake3::hash(b"2"), length: 1 };
    let keep = || {
        let publication = begin(&out, &[("c/index.html", "d")]).unwrap();
        publication.keep("index.html", content, Stamp::of(&out.join("index.html")).unwrap());
        publication
    };
    assert_eq!(counts(&keep().finish().unwrap().0), (1, 1, 0));
    assert_eq!(listed(&out)["index.html"], content.hash);
    assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "2");
    assert_eq!(fs::read_to_string(out.join("c/index.html")).unwrap(), "d");
    // Another name for it is no change of it.
    let publication = keep();
    fs::hard_link(out.join("index.html"), folder.path().join("copy")).unwrap();
    assert_eq!(counts(&publication.finish().unwrap().0), (0, 2, 0));
}

#[test]
fn what_is_changed_while_a_site_is_made_is_not_taken_for_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    publish(&out, &site(&[("index.html", "1"), ("a.html", "a")])).unwrap();
    for text in [Some("edited"), None] {
        let publication = begin(&out, &[("index.html", "1"), ("a.html", "b")]).unwrap();
        match text {
            Some(text) => fs::write(out.join("index.html"), text).unwrap(),
            None => fs::remove_file(out.join("index.html")).unwrap(),
        }
        let Err(error) = publication.finish() else { panic!("it is not told: {text:?}") };
        assert!(error.to_string().contains("index.html: it was changed while"), "{error}");
        assert_eq!(fs::read_to_string(out.join("a.html")).unwrap(), "a");
        assert_eq!(names(folder.path())[0], "public", "no staging folder is left");
        assert_eq!(counts(&publish(&out, &[("index.html", "1"), ("a.html", "a")]).unwrap()), (1, 1, 0));
    }
}

#[test]
fn nothing_is_written_where_publishing_is_only_thought_of() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    publish(&out, &site(&[("index.html", "1")])).unwrap();
    let publication = Publication::compare(&out).unwrap();
    publication.put("index.html", b"2");
    assert_eq!(counts(&publication.difference().unwrap()), (1, 0, 0));
    assert_eq!(names(folder.path()), ["public", "public/.manifest.b3", "public/index.html"]);
    assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "1");
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

#[test]
fn files_that_a_power_failure_has_emptied_are_written_again() {
    // Names reach a disk before bytes do; the list has waited for its own.
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("public");
    publish(&out, &site(&[("index.html", "1"), ("a.html", "a"), ("old.html", "o")])).unwrap();
    for name in ["index.html", "a.html", "old.html"] {
        fs::write(out.join(name), "").unwrap();
    }
    let published = publish(&out, &site(&[("index.html", "1"), ("a.html", "b")])).unwrap();
    assert_eq!(published.written, ["a.html", "index.html"]);
    // What is not as it was written may be somebody's.
    assert_eq!(published.kept, ["old.html"]);
    assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "1");
}
