//! The client of the coordinator, and the statements it is given.

mod function_name;
mod guard;
mod unload;

pub use function_name::{FunctionName, FunctionNameError};
pub use guard::{GuardError, guard};
pub use unload::{Compression, LONGEST_STATEMENT, Unload, UnloadError};
