//! The client of the coordinator, and the statements it is given.

mod client;
mod endpoint;
mod function_name;
mod guard;
mod look_up;
mod page;
mod run;
mod session;
mod settings;
mod transport;
mod unload;
mod verdict;
mod wire;

pub use client::StarburstClient;
pub use function_name::{FunctionName, FunctionNameError};
pub use guard::{GuardError, guard};
pub use settings::{Credential, SettingsError, StarburstSettings};
pub use unload::{Compression, LONGEST_STATEMENT, Unload, UnloadError};

#[cfg(test)]
mod tests;
