//! Failures on demand: rules that tests queue, and the requests they hit.
//! It does not know what the requests mean.

use std::collections::BTreeMap;

use globset::Glob;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A failure that some request shall meet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// Only requests with this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only requests with such a path below `/api/v3`, or `/graphql`, or of the Argo CD; `*` stands for any run of
    /// characters.
    pub path: String,
    /// The how-manieth fitting request is the first that is hit, from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many requests are hit from then on.
    #[serde(default = "one")]
    pub times: u32,
    /// What happens to them.
    pub answer: FaultAnswer,
}

/// What happens to a request that is hit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum FaultAnswer {
    /// This answer, and nothing is done.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Headers beside the usual ones.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The JSON body; a plain error of GitHub's shape where it is absent. A string together with a
        /// `content-type` is sent as it is.
        #[serde(default)]
        body: Option<Value>,
    },
    /// It waits for so long, and is done and answered then.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// It is done, and the answer does not come for so long.
    Hang {
        /// Milliseconds.
        ms: u64,
    },
    /// The connection breaks, and nothing is done.
    Drop,
    /// It is done, but the answer is lost: 502.
    Lose,
}

fn one() -> u32 {
    1
}

/// The rules that wait for their request.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Queues a rule; `Err` with the reason where its path is no pattern.
    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), String> {
        Glob::new(&fault.path).map_err(|error| error.to_string())?;
        self.0.push(fault);
        Ok(())
    }

    /// Forgets all rules.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The rules that have not hit as often as they should.
    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.0
    }

    /// Counts a request, and says what happens to it.
    pub(crate) fn hit(&mut self, method: &str, path: &str) -> Option<FaultAnswer> {
        let mut answer = None;
        for fault in &mut self.0 {
            let method_fits =
                fault.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
            let path_fits =
                Glob::new(&fault.path).is_ok_and(|glob| glob.compile_matcher().is_match(path));
            if !method_fits || !path_fits {
                continue;
            }
            if fault.nth > 1 {
                fault.nth -= 1;
            } else if answer.is_none() && fault.times > 0 {
                fault.times -= 1;
                answer = Some(fault.answer.clone());
            }
        }
        self.0.retain(|fault| fault.times > 0);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_its_request_and_no_other() {
        let mut faults = Faults::default();
        let fault = serde_json::json!({
            "method": "post", "path": "/repos/*/pulls", "nth": 2, "times": 2,
            "answer": {"kind": "answer", "status": 503},
        });
        faults.add(serde_json::from_value(fault).unwrap()).unwrap();
        let mut hit = |method: &str, path: &str| faults.hit(method, path).is_some();
        assert!(!hit("GET", "/repos/acme/x/pulls"));
        assert!(!hit("POST", "/repos/acme/x/issues"));
        assert!(!hit("POST", "/repos/acme/x/pulls"));
        assert!(hit("POST", "/repos/acme/x/pulls"));
        assert!(hit("POST", "/repos/acme/x/pulls"));
        assert!(!hit("POST", "/repos/acme/x/pulls"));
        assert!(faults.waiting().is_empty());
    }
}
