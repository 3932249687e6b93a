//! Remembers what was printed for which files, within bounds. What was used longest ago goes first.

use std::collections::VecDeque;

use crate::model::bundle::Printed;

/// The most bytes that are remembered.
const MOST_BYTES: usize = 64 << 20;
/// The most answers that are remembered.
const MOST: usize = 256;

/// Answers by the ids of bundles, the newest last.
#[derive(Debug, Default)]
pub(super) struct Cache {
    known: VecDeque<(String, Printed)>,
    bytes: usize,
}

fn size(printed: &Printed) -> usize {
    printed.as_ref().map_or(0, |text| text.len())
}

impl Cache {
    /// What is known.
    pub(super) fn get(&mut self, id: &str) -> Option<Printed> {
        let at = self.known.iter().position(|(known, _)| known == id)?;
        let found = self.known.remove(at)?;
        let printed = found.1.clone();
        self.known.push_back(found);
        Some(printed)
    }

    /// Remembers it.
    pub(super) fn put(&mut self, id: &str, printed: Printed) {
        self.bytes += size(&printed);
        self.known.push_back((id.to_owned(), printed));
        while self.known.len() > MOST || self.bytes > MOST_BYTES {
            let Some((_, gone)) = self.known.pop_front() else { return };
            self.bytes -= size(&gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes() {
        let mut cache = Cache::default();
        for at in 0..MOST {
            cache.put(&at.to_string(), Ok("x".into()));
        }
        assert!(cache.get("0").is_some());
        cache.put("more", Ok("y".into()));
        assert!(cache.get("0").is_some() && cache.get("1").is_none());
        cache.put("large", Ok("z".repeat(MOST_BYTES).into()));
        assert_eq!(cache.known.len(), 1);
        assert!(cache.get("large").is_some());
    }
}
