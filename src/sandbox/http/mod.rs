//! Requests and answers as GitHub's REST API has them; routes as data.
//! It does not know any resource: these are in `rest`.

mod access;
mod answer;
mod call;
mod dispatch;
mod faults;
mod inside;
mod limits;
mod route;

pub(crate) use answer::{Answer, Body, Reply};
pub(crate) use call::{Call, texts};
pub use dispatch::Seen;
pub(crate) use dispatch::api;
pub(crate) use faults::Faults;
pub use faults::{Fault, FaultAnswer};
pub(crate) use inside::perform;
pub(crate) use limits::{Limits, Window};
pub(crate) use route::{Access, READ, Route, Table, WRITE, unescape};
