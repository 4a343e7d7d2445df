use super::Verdict;
use crate::ports::ControlPlane;

/// A look at the queue that leases nothing.
pub async fn control_plane(port: &dyn ControlPlane) -> Verdict {
    match port.check().await {
        Ok(()) => Ok("answers and takes our credentials".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
