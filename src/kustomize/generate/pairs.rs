//! Knows where the data of generated objects come from: files of lines, literals, files.
//!
//! It knows nothing of objects.

use crate::kustomize::load::Folder;
use crate::kustomize::problem::{Place, Problem};

use super::MapArgs;

/// The longest line of an `envs` file; at a longer one Go's scanner stops, and Kustomize does not ask why.
const MAX_LINE: usize = 65_535;

/// A key and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key; Kustomize does not look at its characters.
    pub key: String,
    /// The content.
    pub bytes: Vec<u8>,
    /// Where it was asked for.
    pub place: Place,
}

/// All pairs, in Kustomize's order: `envs`, `literals`, `files`.
pub(super) fn pairs(args: &MapArgs, folder: &Folder<'_, '_>) -> Result<Vec<Pair>, Problem> {
    let mut pairs = Vec::new();
    for (path, place) in &args.envs {
        let source = folder.read(path, *place)?;
        let in_file = env_pairs(&source.bytes, source.file)
            .map_err(|problem| problem.while_at(path).or_at(*place))?;
        pairs.extend(in_file);
    }
    for (text, place) in &args.literals {
        pairs.push(literal(text, *place)?);
    }
    for (text, place) in &args.files {
        let (key, path) = file_source(text).map_err(|message| Problem::new(message, *place))?;
        let source = folder.read(path, *place)?;
        pairs.push(Pair { key: key.to_owned(), bytes: source.bytes.to_vec(), place: *place });
    }
    Ok(pairs)
}

/// The pairs of an `envs` file, which has the number `file`.
pub(super) fn env_pairs(content: &[u8], file: u32) -> Result<Vec<Pair>, Problem> {
    let mut pairs = Vec::new();
    let mut lines: Vec<_> = content.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    for (at, line) in lines.into_iter().enumerate() {
        if line.len() > MAX_LINE {
            break;
        }
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let place = Place { file, line: number, column: 1 };
        let line = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line))
            .map_err(|_| Problem::new("this line is not text in UTF-8", place))?;
        let line = if at == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let line = line.trim_start();
        // A key alone would take its value from the environment, of which Kustomize's has nothing.
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !line.starts_with('#') && !key.is_empty() {
            pairs.push(Pair { key: key.to_owned(), bytes: value.as_bytes().to_vec(), place });
        }
    }
    Ok(pairs)
}

fn literal(text: &str, place: Place) -> Result<Pair, Problem> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => {
            let bytes = unquoted(value).as_bytes().to_vec();
            Ok(Pair { key: key.to_owned(), bytes, place })
        }
        // It may be a secret value, so it is not shown.
        _ => Err(Problem::new("a literal has to be a key, `=` and a value", place)),
    }
}

/// Without the same quotes around it.
fn unquoted(text: &str) -> &str {
    let within = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

/// The key and the path of `key=path`, or of a path alone.
fn file_source(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('=') {
        None => Ok((base_name(text), text)),
        Some(("", _)) => Err(format!("{text:?} has no key before the `=`")),
        Some((_, "")) => Err(format!("{text:?} has no path after the `=`")),
        Some((_, path)) if path.contains('=') => {
            Err(format!("{text:?} has more than one `=`; neither keys nor paths may have one"))
        }
        Some(parts) => Ok(parts),
    }
}

/// As Go's `path.Base`.
fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        _ if path.is_empty() => ".",
        None | Some("") => "/",
        Some(name) => name,
    }
}
