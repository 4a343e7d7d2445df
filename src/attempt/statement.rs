use export_api::ExportJob;

use super::{JobError, Task, World};
use crate::{
    config::ExportStrategy,
    ports::Statement,
    starburst::{Compression, Unload},
};

/// The statement that would export this job, for showing it.
pub fn statement_of(world: &World, job: &ExportJob) -> Result<Statement, JobError> {
    build(world, &Task::of(job)?, job)
}

/// The statement that exports a job.
pub(super) fn build(world: &World, task: &Task, job: &ExportJob) -> Result<Statement, JobError> {
    let sql = job.sql.as_deref().ok_or(JobError::Missing("sql"))?;
    let columns = job
        .column_names
        .as_deref()
        .ok_or(JobError::Missing("column_names"))?;
    let sql = match world.settings.strategy {
        ExportStrategy::Unload => Unload {
            snapshot: &task.snapshot_id,
            job: &task.id,
            attempt: task.attempt,
            function: &world.settings.unload_function,
            columns,
            sql,
            destination: &task.destination,
            compression: Compression::Snappy,
        }
        .to_sql()?,
    };
    Ok(Statement {
        sql,
        catalog: job.starburst_catalog.clone(),
        role: job.starburst_role.clone(),
        trace_token: trace_token(task),
    })
}

/// Leads from a query in Starburst to its job, and to the job's trace where it has one.
fn trace_token(task: &Task) -> String {
    let job = format!("{}/{}", task.snapshot_id, task.id);
    match task.facts.trace() {
        Some(trace) => format!("{job}/{}", trace.trace_id()),
        None => job,
    }
}
