use super::*;

#[test]
fn a_select_is_let_in_as_it_is() {
    for sql in [
        "SELECT 1",
        "select * from t",
        "SELECT*FROM t",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT 1) UNION (SELECT 2)",
        "-- what for\n/* and ) why ' */ SELECT 1",
        "SELECT ';' , ')' , '--', '/*', '$$', '`'",
        "SELECT 'it''s' AS \"a\"\")\" FROM t",
        "SELECT 1 -- the end ) '",
        "SELECT 1 -- carriage return\r, 2",
        "SELECT a/b, a - -b, a->b FROM t",
        "SELECT U&'\\0041', X'00ff'",
        "SELECT 'größe', \"naïve\" FROM t",
        "SELECT a[1], row(1, (2)), f(x -> (x)) FROM t",
    ] {
        assert_eq!(guard(sql), Ok(sql));
    }
}

#[test]
fn blanks_and_semicolons_around_it_are_taken_off() {
    for sql in [" SELECT 1 ; ", "SELECT 1;", "\nSELECT 1\n;\n;"] {
        assert_eq!(guard(sql), Ok("SELECT 1"));
    }
}

#[test]
fn what_would_leave_its_place_is_refused_with_its_position() {
    for (sql, says) in [
        ("", "is empty"),
        (" \n;", "is empty"),
        ("-- SELECT 1", "is empty"),
        ("/* SELECT 1 */", "is empty"),
        ("SELECT 'a", "single quote at character 8"),
        ("SELECT 'a''", "single quote at character 8"),
        ("SELECT \"a", "double quote at character 8"),
        ("SELECT 1 /* a", "'/*' at character 10"),
        ("SELECT 1 /*/", "'/*' at character 10"),
        ("SELECT (1", "'(' at character 8"),
        ("SELECT 1)", "')' at character 9"),
        ("  SELECT 1)", "')' at character 11"),
        ("SELECT 'ü')", "')' at character 11"),
        ("SELECT 1) FROM (SELECT 2", "')' at character 9"),
        ("SELECT 1 -- (\n)", "')' at character 15"),
        ("SELECT 1 -- (\r)", "')' at character 15"),
        ("SELECT /* /* */ 1 */)", "')' at character 21"),
        ("SELECT 1; DROP TABLE t", "';' at character 9"),
        ("SELECT 1; -- done", "';' at character 9"),
        ("SELECT `a`", "backtick at character 8"),
        ("SELECT $$ ' $$ ) $$ ' $$", "'$$' at character 8"),
        ("SELECT {-- )\n-}", "'{--' at character 8"),
        ("SELECT '\0'", "NUL at character 9"),
        ("DELETE FROM t", "\"DELETE\""),
        ("SELECTED", "\"SELECTED\""),
        ("VALUES 1", "\"VALUES\""),
        ("'SELECT'", "a quote"),
        ("()", "\"()\""),
        ("* SELECT", "\"*\""),
    ] {
        let error = guard(sql).map_err(|error| error.to_string()).unwrap_err();
        assert!(error.contains(says), "{sql}: {error}");
    }
}
