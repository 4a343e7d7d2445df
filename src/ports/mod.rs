//! What the worker speaks to, as traits: the Control Plane, Starburst, the object store.
//!
//! Each has two implementations: the HTTP client and the simulated world of the tests.
//! Each error type says what [`ErrorKind`] it is, exhaustively, and that decides
//! what happens to the job.

mod control_plane;
mod error_kind;
mod query_error;
mod query_state;
mod starburst;
mod storage;

pub use control_plane::{Claimed, ControlPlane, ControlPlaneError};
pub use error_kind::ErrorKind;
pub use export_api::{Folder, FolderError};
pub use query_error::{QueryError, Remedy};
pub use query_state::QueryState;
pub use starburst::{Fate, Page, Phase, QueryId, Registered, Starburst, StarburstError, Statement};
pub use storage::{Footer, Storage, StorageError, StoredObject};
