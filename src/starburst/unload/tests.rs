use super::*;

mod escape;

fn folder() -> Folder {
    Folder::parse("gs://bucket/it's/here").unwrap()
}

fn statement(sql: &str, columns: &[&str]) -> Result<String, UnloadError> {
    let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    Unload {
        snapshot: &SnapshotId::from("snap-1"),
        job: &JobId::from("42"),
        attempt: Some(2),
        function: &FunctionName::default(),
        columns: &columns,
        sql,
        destination: &folder(),
        compression: Compression::default(),
    }
    .to_sql()
}

#[test]
fn a_job_becomes_one_statement() {
    let sql = statement("SELECT a, \"b\"\"c\" FROM t -- all;", &["a", "b\"c"]).unwrap();
    assert_eq!(
        sql,
        "/* export snapshot=snap-1 job=42 attempt=2 */\n\
         SELECT * FROM TABLE(io.unload(input => TABLE(SELECT \"a\", \"b\"\"c\" FROM (\n\
         SELECT a, \"b\"\"c\" FROM t -- all\n\
         )), location => 'gs://bucket/it''s/here/', format => 'PARQUET', compression => 'SNAPPY'))"
    );
}

#[test]
fn an_id_cannot_end_the_comment() {
    let columns = ["a".to_owned()];
    let sql = Unload {
        snapshot: &SnapshotId::from("*/ DROP TABLE t"),
        job: &JobId::from("x\n--".repeat(100)),
        attempt: None,
        function: &FunctionName::default(),
        columns: &columns,
        sql: "SELECT 1 AS a",
        destination: &folder(),
        compression: Compression::Zstd,
    }
    .to_sql()
    .unwrap();
    let (comment, rest) = sql.split_once(" */").unwrap();
    assert!(
        comment.starts_with("/* export snapshot=___DROP_TABLE_t job=x_--x_--"),
        "{comment}"
    );
    assert!(comment.len() < 300, "{comment}");
    assert!(rest.starts_with("\nSELECT * FROM TABLE("), "{rest}");
}

#[test]
fn a_thousand_columns_with_quotes_and_commas_are_fine() {
    let names: Vec<String> = (0..1000).map(|n| format!("c,\"{n}\"")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sql = statement("SELECT * FROM wide", &names).unwrap();
    assert!(sql.contains("\"c,\"\"0\"\"\", \"c,\"\"1\"\"\""));
    assert!(sql.contains("\"c,\"\"999\"\"\" FROM (\n"));
}

#[test]
fn columns_that_trino_would_refuse_are_named_before_it_is_asked() {
    assert_eq!(statement("SELECT 1", &[]), Err(UnloadError::NoColumns));
    let error = statement("SELECT 1", &["a", "b", "A"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column \"A\" is named twice, at 1 and 3; give one another alias"
    );
    for name in ["", "a\0"] {
        let error = statement("SELECT 1", &["a", name]).unwrap_err();
        assert!(
            matches!(error, UnloadError::ColumnName { position: 2, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_statement_beyond_what_the_coordinator_takes_is_refused() {
    let around = statement("SELECT ''", &["a"]).unwrap().len();
    let room = LONGEST_STATEMENT - around;
    let of = |text: String| statement(&format!("SELECT '{text}'"), &["a"]);
    assert!(of("x".repeat(room)).is_ok());
    assert_eq!(
        of("x".repeat(room + 1)),
        Err(UnloadError::TooLong {
            length: LONGEST_STATEMENT + 1
        })
    );
    // One character of two UTF-16 units.
    assert!(of("🦀".repeat(room / 2)).is_ok());
    assert!(of("🦀".repeat(room / 2 + 1)).is_err());
}
