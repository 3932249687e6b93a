//! A patch as rows with line numbers, and the words of a line that changed.
//! It does not know where the patch comes from.

use crate::sandbox::git::FileChange;

/// A file that differs.
#[derive(Clone, Debug)]
pub(super) struct DiffFile {
    pub(super) path: String,
    pub(super) previous: Option<String>,
    pub(super) status: &'static str,
    pub(super) additions: usize,
    pub(super) deletions: usize,
    pub(super) binary: bool,
    pub(super) rows: Vec<Row>,
}

impl DiffFile {
    /// Larger ones are folded at first.
    pub(super) fn is_long(&self) -> bool {
        self.rows.len() > 400
    }
}

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// `hunk`, `add`, `del`, `same` or `note`.
    pub(super) kind: &'static str,
    pub(super) old: Option<usize>,
    pub(super) new: Option<usize>,
    pub(super) before: String,
    /// What differs from the line that it replaces.
    pub(super) changed: String,
    pub(super) after: String,
}

/// Files added and removed lines all together.
pub(super) fn total(files: &[DiffFile]) -> (usize, usize) {
    let added = files.iter().map(|file| file.additions).sum();
    let removed = files.iter().map(|file| file.deletions).sum();
    (added, removed)
}

/// The rows of each changed file.
pub(super) fn files(changes: Vec<FileChange>) -> Vec<DiffFile> {
    let file = |change: FileChange| DiffFile {
        path: change.path,
        previous: change.previous,
        status: change.status,
        additions: change.additions,
        deletions: change.deletions,
        binary: change.patch.is_none() && change.status == "modified",
        rows: change.patch.as_deref().map(rows).unwrap_or_default(),
    };
    changes.into_iter().map(file).collect()
}

fn rows(patch: &str) -> Vec<Row> {
    let (mut old, mut new) = (0, 0);
    let mut rows = Vec::new();
    for line in patch.lines() {
        let (sign, text) = line.split_at(line.len().min(1));
        let row = |kind, old, new, text: &str| Row {
            kind,
            old,
            new,
            before: text.to_owned(),
            changed: String::new(),
            after: String::new(),
        };
        match sign {
            "@" => {
                (old, new) = starts(line);
                rows.push(row("hunk", None, None, line));
            }
            "+" => {
                rows.push(row("add", None, Some(new), text));
                new += 1;
            }
            "-" => {
                rows.push(row("del", Some(old), None, text));
                old += 1;
            }
            "\\" => rows.push(row("note", None, None, text.trim_start())),
            _ => {
                rows.push(row("same", Some(old), Some(new), text));
                (old, new) = (old + 1, new + 1);
            }
        }
    }
    mark_words(&mut rows);
    rows
}

/// `@@ -3,7 +3,8 @@`: 3 and 3.
fn starts(hunk: &str) -> (usize, usize) {
    let number = |sign: char| {
        let range = hunk.split(' ').find_map(|word| word.strip_prefix(sign));
        let first = range.and_then(|range| range.split(',').next());
        first.and_then(|first| first.parse().ok()).unwrap_or(1)
    };
    (number('-'), number('+'))
}

/// Where so many lines replace as many, marks what differs in each pair.
fn mark_words(rows: &mut [Row]) {
    let mut at = 0;
    while at < rows.len() {
        let run = |from: usize, kind: &str| {
            rows[from..].iter().take_while(|row| row.kind == kind).count()
        };
        let removed = run(at, "del");
        let added = run(at + removed, "add");
        if removed > 0 && removed == added {
            let (dels, adds) = rows[at..at + removed + added].split_at_mut(removed);
            for (del, add) in dels.iter_mut().zip(adds) {
                mark_pair(del, add);
            }
        }
        at += (removed + added).max(1);
    }
}

fn mark_pair(del: &mut Row, add: &mut Row) {
    let (old, new) = (del.before.clone(), add.before.clone());
    let same = |(a, b): &(char, char)| a == b;
    let front: usize =
        old.chars().zip(new.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (old_rest, new_rest) = (&old[front..], &new[front..]);
    let back: usize = old_rest
        .chars()
        .rev()
        .zip(new_rest.chars().rev())
        .take_while(same)
        .map(|(c, _)| c.len_utf8())
        .sum();
    // Lines with next to nothing in common are only noisy when marked.
    if front + back < 4 || old[..front].trim().is_empty() && back < 4 {
        return;
    }
    for (row, text) in [(del, old), (add, new)] {
        let end = text.len() - back;
        row.before = text[..front].to_owned();
        row.changed = text[front..end].to_owned();
        row.after = text[end..].to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_carry_both_line_numbers() {
        let patch = "@@ -3,3 +3,4 @@ images:\n same\n-  newTag: v1.0.0\n+  newTag: v1.0.1\n+# é\n last\n\\ No newline at end of file";
        let shown: Vec<String> = rows(patch)
            .iter()
            .map(|row| {
                let number =
                    |line: Option<usize>| line.map_or("-".to_owned(), |line| line.to_string());
                format!("{} {} {} {}", row.kind, number(row.old), number(row.new), row.before)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "hunk - - @@ -3,3 +3,4 @@ images:",
                "same 3 3 same",
                "del 4 -   newTag: v1.0.0",
                "add - 4   newTag: v1.0.1",
                "add - 5 # é",
                "same 5 6 last",
                "note - - No newline at end of file",
            ]
        );
    }

    #[test]
    fn the_words_that_differ_are_marked() {
        let rows = rows("@@ -1 +1 @@\n-  newTag: v1.0.0\n+  newTag: v1.0.1");
        assert_eq!((rows[1].before.as_str(), rows[1].changed.as_str()), ("  newTag: v1.0.", "0"));
        assert_eq!((rows[2].changed.as_str(), rows[2].after.as_str()), ("1", ""));
        let unlike = super::rows("@@ -1 +1 @@\n-ä\n+ö");
        assert_eq!(unlike[1].changed, "");
    }

    #[test]
    fn odd_patches_are_only_shown() {
        for patch in ["", "@@", "@@ -x +y @@\n+", "\n\n", "-é\n+è\n-a"] {
            rows(patch);
        }
    }
}
