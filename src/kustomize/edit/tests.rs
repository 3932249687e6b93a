//! What the editor refuses, and what holds for every edit. Texts before and after stand in `fixtures/overlays`.

use proptest::prelude::*;

use super::*;
use crate::kustomize::images::entries;

fn set(source: &str, edits: &[ImageEdit]) -> Result<String, EditError> {
    set_images(source.as_bytes(), edits).map(|bytes| String::from_utf8(bytes).unwrap())
}

fn refusal(source: &str) -> String {
    set(source, &[ImageEdit::tag("a", "v2")]).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_proved_is_refused_with_place_and_reason() {
    let list = "images:\n- name: a\n  newTag: v1\n";
    insta::assert_snapshot!(
        set(list, &[ImageEdit::tag("b", "v2")]).unwrap_err(),
        @"line 2, column 1: there is no `images:` entry with the name b"
    );
    insta::assert_snapshot!(
        set(list, &[ImageEdit::tag("a", "v2"), ImageEdit::tag("a", "v3")]).unwrap_err(),
        @"line 1, column 1: the image a is asked for twice"
    );
    insta::assert_snapshot!(
        set(list, &[ImageEdit::tag("a", "v2\nx: y")]).unwrap_err(),
        @r#"line 1, column 1: "v2\nx: y" has a space or a control character in it"#
    );
    insta::assert_snapshot!(
        refusal("images:\n- name: a\n newTag: v1\n"),
        @"line 3, column 2: did not find expected key, while parsing a block mapping that starts on line 1"
    );
    insta::assert_snapshot!(
        refusal("images:\n- name: a\n  newTag: v1\n  newTag: v1\n"),
        @"line 2, column 3: `newTag` stands twice in this entry"
    );
    insta::assert_snapshot!(
        refusal("images:\n- name: a\n  diGest: sha256:00\n"),
        @"line 3, column 3: to Kustomize this is a field in other letters; write it as usual first"
    );
    insta::assert_snapshot!(
        refusal("Images:\n- name: a\n"),
        @"line 1, column 1: to Kustomize this is `images`; write it so first"
    );
    insta::assert_snapshot!(
        refusal("images: []\nimages:\n- name: a\n"),
        @"line 2, column 1: `images` stands twice; merge the two lists first"
    );
    insta::assert_snapshot!(refusal("- a\n"), @"line 1, column 1: this is not a kustomization: its root is not a mapping");
    insta::assert_snapshot!(refusal("images: {name: a}\n"), @"line 1, column 9: `images` is not a list");
    insta::assert_snapshot!(
        refusal("images:\n- &a\n  name: a\n  newTag: v1\n- <<: *a\n  name: b\n"),
        @"line 4, column 11: the change would not stay within what was asked: images.1.<<.newTag would differ; make it by hand"
    );
    insta::assert_snapshot!(
        refusal("x: &d {digest: y}\nimages:\n- name: a\n  <<: *d\n"),
        @"line 1, column 16: `digest` comes into the entry by a merge (`<<`); write the entry out first"
    );
    insta::assert_snapshot!(
        refusal("images:\n- {name: a, # why\n   digest: d, newTag: v1}\n"),
        @"line 3, column 4: `digest` must go, but comments stand around it; remove it by hand"
    );
}

#[test]
fn other_documents_and_lists_of_one_name_elsewhere_stay() {
    let source = "images:\n- name: a\n  newTag: v1\n---\nimages:\n- name: a\n  newTag: v1\n";
    assert_eq!(
        set(source, &[ImageEdit::tag("a", "v2")]).unwrap(),
        "images:\n- name: a\n  newTag: v2\n---\nimages:\n- name: a\n  newTag: v1\n"
    );
}

#[test]
fn what_stands_twice_elsewhere_is_left_alone() {
    let source = "kind: a\nkind: b\nimages:\n- {name: a}\n";
    assert_eq!(
        set(source, &[ImageEdit::tag("a", "v2")]).unwrap(),
        "kind: a\nkind: b\nimages:\n- {name: a, newTag: v2}\n"
    );
}

/// One entry in one of many shapes, its name and its tag.
fn entry() -> impl Strategy<Value = String> {
    let tag = prop_oneof!["v[0-9]{1,2}", "[0-9]\\.[0-9]{1,2}", "[a-f0-9]{7}"];
    (0usize..9, 0usize..3, 0usize..3, tag).prop_map(|(shape, name, quote, tag)| {
        let name = ["app", "host:5000/side", "x/y.z"][name];
        let quote = ["", "'", "\""][quote];
        let tag = match quote {
            "" if !crate::kustomize::yaml::means_string(&tag) => format!("'{tag}'"),
            _ => format!("{quote}{tag}{quote}"),
        };
        match shape {
            0 => format!("- name: {name}\n  newTag: {tag}\n"),
            1 => format!("- newTag: {tag} # c\n  name: {name} # d\n"),
            2 => format!("- name: \"{name}\"\n  newName: other\n\n"),
            3 => format!(
                "# é\n-   name: {name}\n    # e\n    digest: sha256:ab # f\n    newTag: {tag}\n"
            ),
            4 => format!("- digest: 'sha256:ab'\n  name: {name}\n  newName: z\n"),
            5 => format!("- {{name: \"{name}\", newTag: {tag}, digest: x}} # g\n"),
            6 => format!("- {{\n    \"name\": \"{name}\",\n    \"digest\": {tag}\n  }}\n"),
            7 => format!("-\n  name: {name}\n  newTag:\n"),
            _ => format!("- name: {name}\n  newTag: >-\n    {}\n", tag.trim_matches(['\'', '"'])),
        }
    })
}

fn edit() -> impl Strategy<Value = ImageEdit> {
    let text = "[a-zA-Z0-9_.:/+'\"\\\\#,{}&*!é-]{1,8}";
    let name = prop_oneof![
        Just("app".to_owned()),
        Just("host:5000/side".to_owned()),
        text.prop_map(String::from)
    ];
    let field = || proptest::option::of(text);
    (name, field(), field(), field(), any::<bool>()).prop_map(
        |(name, new_name, tag, digest, exact)| ImageEdit {
            name,
            new_name,
            tag,
            digest,
            add_if_absent: true,
            exact,
        },
    )
}

proptest! {
    #[test]
    fn an_edit_changes_its_own_entries_and_no_other_line(
        entries_written in proptest::collection::vec(entry(), 0..5),
        edit in edit(),
        crlf: bool,
        newline: bool,
    ) {
        let mut source = format!("# head\nresources: [a] # r\nimages:\n{}", entries_written.concat());
        source += if newline { "# tail\nx: |\n  images:\n" } else { "" };
        if crlf {
            source = source.replace('\n', "\r\n");
        }
        let edited = set(&source, std::slice::from_ref(&edit)).map_err(|e| TestCaseError::fail(format!("{e}\n{source}")))?;
        let (before, after) = (entries(source.as_bytes()).unwrap(), entries(edited.as_bytes()).unwrap());
        let found = before.iter().any(|entry| entry.name == edit.name);
        prop_assert_eq!(after.len(), before.len() + usize::from(!found));
        for (i, entry) in after.iter().enumerate() {
            if entry.name == edit.name {
                let old = before.get(i);
                let field = |wanted: &Option<String>, old: Option<&String>, gone: bool| match wanted {
                    Some(text) => Some(text.clone()),
                    None => old.filter(|_| !gone).cloned(),
                };
                prop_assert_eq!(&entry.new_name, &field(&edit.new_name, old.and_then(|o| o.new_name.as_ref()), edit.exact));
                prop_assert_eq!(&entry.new_tag, &field(&edit.tag, old.and_then(|o| o.new_tag.as_ref()), edit.exact || edit.digest.is_some()));
                prop_assert_eq!(&entry.digest, &field(&edit.digest, old.and_then(|o| o.digest.as_ref()), edit.exact || edit.tag.is_some()));
            } else {
                let other = &before[i];
                prop_assert_eq!((&entry.name, &entry.new_tag, &entry.digest), (&other.name, &other.new_tag, &other.digest));
            }
        }
        // Every line that has nothing to do with the entry is there still, in order.
        let mut lines = edited.lines();
        for line in source.lines().filter(|line| line.starts_with('#') || line.starts_with("res") || line.starts_with("x:")) {
            prop_assert!(lines.any(|kept| kept == line), "{line:?} is gone from {edited:?}");
        }
        // Asked again, it has nothing to do.
        prop_assert_eq!(set(&edited, &[edit]).unwrap(), edited);
    }

    #[test]
    fn setting_a_tag_in_place_touches_one_span(shape in 0usize..4, tag in "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20}") {
        let (head, old, tail) = [
            ("images:\n- name: a # é\n  newTag: ", "v1", " # c\r\n# d"),
            ("\u{feff}images: [{name: a, newTag: ", "'v1'", "}]\n"),
            ("x: [*y\n", "", ""),
            ("a: &t x\nimages:\n- newTag: &u ", "\"v1\"", "\n  name: a\n...\n"),
        ][shape];
        let edited = set(&format!("{head}{old}{tail}"), &[ImageEdit::tag("a", tag.clone())]);
        if shape == 2 {
            prop_assert!(edited.is_err());
        } else {
            let edited = edited.unwrap();
            let new = edited.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail)).unwrap();
            prop_assert_eq!(new.trim_matches(['\'', '"']), tag);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(source: Vec<u8>, edit in edit()) {
        let _ = set_images(&source, &[edit]);
        let _ = entries(&source);
    }

    #[test]
    fn no_text_of_yaml_signs_makes_it_panic(source in "(images:|name: a|newTag|digest|[-a:?&*!|>'\"%@#,{}\\[\\]<+ \t\n\r\u{feff}é0]){0,30}") {
        let _ = set(&source, &[ImageEdit { add_if_absent: true, ..ImageEdit::tag("a", "v2") }]);
        let _ = set(&source, &[ImageEdit { digest: Some("d".to_owned()), tag: None, ..ImageEdit::tag("a", "") }]);
    }
}
