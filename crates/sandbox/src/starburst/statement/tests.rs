use super::*;

fn parsed(sql: &str, catalog: Option<&str>) -> Result<Statement, QueryError> {
    let scope = Scope {
        unload_qualifiers: &["io".to_owned(), "starburst.io".to_owned()],
        catalogs: &["tpch".to_owned()],
        catalog,
    };
    parse(sql, &scope)
}

#[test]
fn an_unload_is_found_behind_comments_with_its_select_untouched() {
    let sql = "-- job 1 (attempt 2)\n/* ' */ SELECT * FROM TABLE(\"io\".unload(\
        input => TABLE(SELECT \"a\"\"(b\" FROM (\nSELECT ')' -- it's\n)), \
        location => 'gs://b/it''s/', format => 'PARQUET', compression => 'SNAPPY'))";
    let Statement::Unload(unload) = parsed(sql, Some("starburst")).unwrap() else {
        panic!("no unload");
    };
    assert_eq!(unload.select.sql, "SELECT \"a\"\"(b\" FROM (\nSELECT ')' -- it's\n)");
    assert_eq!(unload.location, "gs://b/it's/");
    assert!(unload.compressed);
}

#[test]
fn another_function_is_not_registered() {
    let sql = "SELECT * FROM TABLE(x.unload(input => TABLE(SELECT 1)))";
    let error = parsed(sql, Some("tpch")).unwrap_err();
    assert_eq!(error.name, "FUNCTION_NOT_FOUND");
    assert_eq!(error.message, "line 1:21: Table function 'x.unload' not registered");
}

#[test]
fn a_two_part_name_needs_a_session_catalog_and_a_three_part_name_a_known_one() {
    let name = |function: &str| {
        let sql = format!("SELECT * FROM TABLE({function}(input => TABLE(SELECT 1)))");
        parsed(&sql, None).unwrap_err().name
    };
    assert_eq!(name("io.unload"), "MISSING_CATALOG_NAME");
    assert_eq!(name("nope.io.unload"), "CATALOG_NOT_FOUND");
    assert_eq!(name("tpch.io.unload"), "FUNCTION_NOT_FOUND");
    assert_eq!(name("starburst.io.unload"), "INVALID_ARGUMENTS");
}

#[test]
fn what_is_no_statement_is_a_syntax_error_with_its_place() {
    for (sql, location) in [
        ("SELEC 1", (1, 1)),
        ("SELECT 1;", (1, 9)),
        ("SELECT 'x", (1, 8)),
        ("-- nothing", (1, 11)),
        ("SELECT * FROM TABLE(starburst.io.unload(input => TABLE(SELECT 1))", (1, 66)),
    ] {
        let error = parsed(sql, None).unwrap_err();
        assert_eq!((error.name, error.location), ("SYNTAX_ERROR", Some(location)), "{sql}");
    }
}

#[test]
fn other_statements_are_told_from_nonsense() {
    assert_eq!(parsed("DROP TABLE x", None).unwrap_err().name, "NOT_SUPPORTED");
    let explain = parsed("EXPLAIN (TYPE VALIDATE) SELECT 1", None).unwrap();
    assert!(matches!(explain, Statement::Explain(_)));
    let kill = "CALL system.runtime.kill_query(query_id => 'q', message => 'm')";
    assert_eq!(
        parsed(kill, None).unwrap(),
        Statement::Kill { query_id: "q".to_owned(), message: "m".to_owned() }
    );
}
