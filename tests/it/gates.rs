//! Gates on the whole bot and the whole sandbox: a story for each, in the module of its name.

mod lock;
