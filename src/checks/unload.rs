use super::{Verdict, statement};
use crate::{
    ports::{Folder, Starburst, StarburstError},
    starburst::FunctionName,
};

/// Plans an unload without running it: the function is looked up while
/// planning, and nothing is ever written.
pub async fn unload(
    port: &dyn Starburst,
    function: &FunctionName,
    folder: Option<&Folder>,
) -> Verdict {
    let location = folder.map_or_else(
        || "gs://export-worker-doctor/never-written/".to_owned(),
        Folder::to_string,
    );
    let sql = format!(
        "EXPLAIN SELECT * FROM TABLE({function}(input => TABLE(SELECT 1 AS \"n\"), location => '{}', format => 'PARQUET', compression => 'SNAPPY'))",
        location.replace('\'', "''")
    );
    let Err(error) = port.run(&statement(sql)).await else {
        return Ok(format!("{function} is there"));
    };
    let advice = match &error {
        StarburstError::Query(query) => match query.name.as_str() {
            "FUNCTION_NOT_FOUND" | "CATALOG_NOT_FOUND" => {
                "; set STARBURST_UNLOAD_FUNCTION to the name it has on this cluster"
            }
            "MISSING_CATALOG_NAME" => {
                "; set STARBURST_CATALOG, or STARBURST_UNLOAD_FUNCTION to a name of three parts"
            }
            "PERMISSION_DENIED" => "; grant STARBURST_USER, or STARBURST_ROLE, its execution",
            _ if folder.is_none() => "; try again with --bucket gs://bucket/folder",
            _ => "",
        },
        _ => "",
    };
    Err(format!("{function}: {error}{advice}"))
}
