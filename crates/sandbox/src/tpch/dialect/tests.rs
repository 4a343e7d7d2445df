use super::*;

fn session<'a>(catalogs: &'a [String], set: bool) -> Names<'a> {
    Names {
        catalogs,
        catalog: set.then_some("tpch"),
        schema: set.then_some("tiny"),
    }
}

fn translated(sql: &str) -> Result<Translated, SqlError> {
    translate(sql, session(&["tpch".to_owned()], true))
}

#[test]
fn qualified_tables_become_the_local_ones() {
    let sql = "SELECT c.name FROM tpch.sf0.01x.customer c";
    assert!(translated(sql).is_err());
    for (trino, sqlite) in [
        (
            "SELECT * FROM tpch.tiny.customer c JOIN \"sf1\".orders o ON c.custkey = o.custkey",
            "SELECT * FROM customer c JOIN orders o ON c.custkey = o.custkey",
        ),
        (
            "SELECT tpch.tiny.customer.name, tiny.customer.custkey FROM tpch.tiny.customer",
            "SELECT customer.name, customer.custkey FROM customer",
        ),
        (
            "SELECT * FROM (SELECT * FROM tiny.nation) n, tiny.region",
            "SELECT * FROM (SELECT * FROM nation) n, region",
        ),
        (
            "WITH big AS (SELECT * FROM tpch.tiny.orders) SELECT * FROM big",
            "WITH big AS (SELECT * FROM orders) SELECT * FROM big",
        ),
        (
            "SELECT * FROM orders WHERE orderdate < date '1995-01-01'",
            "SELECT * FROM orders WHERE orderdate < '1995-01-01'",
        ),
        (
            "SELECT 'from x', t.* FROM tiny.part t",
            "SELECT 'from x', t.* FROM part t",
        ),
    ] {
        assert_eq!(translated(trino).unwrap().sql, sqlite, "{trino}");
    }
}

#[test]
fn unknown_names_are_told_apart() {
    for (sql, kind) in [
        (
            "SELECT * FROM nope.tiny.region",
            SqlErrorKind::CatalogNotFound,
        ),
        ("SELECT * FROM nope.region", SqlErrorKind::SchemaNotFound),
        ("SELECT * FROM tpch.tiny.nope", SqlErrorKind::TableNotFound),
        ("SELECT * FROM nope", SqlErrorKind::TableNotFound),
    ] {
        let error = translated(sql).unwrap_err();
        assert_eq!((error.kind, error.offset), (kind, Some(14)), "{sql}");
    }
}

#[test]
fn without_a_session_schema_a_bare_table_is_refused() {
    let catalogs = ["tpch".to_owned()];
    let kind = |sql| translate(sql, session(&catalogs, false)).unwrap_err().kind;
    assert_eq!(kind("SELECT * FROM region"), SqlErrorKind::MissingSchema);
    assert_eq!(
        kind("SELECT * FROM tiny.region"),
        SqlErrorKind::MissingCatalog
    );
}

#[test]
fn offsets_lead_back_to_the_callers_text() {
    let sql = "SELECT x FROM tpch.tiny.region WHERE nope = 1";
    let translated = translated(sql).unwrap();
    let here = translated.sql.find("nope").unwrap();
    assert_eq!(translated.original(here), sql.find("nope").unwrap());
}

#[test]
fn prefixed_columns_and_division_by_zero_are_noticed() {
    assert!(
        translated("SELECT c_custkey FROM customer")
            .unwrap()
            .prefixed_columns
    );
    assert!(
        !translated("SELECT custkey FROM customer")
            .unwrap()
            .prefixed_columns
    );
    assert_eq!(translated("SELECT 1 / 0").unwrap().divides_by_zero, Some(9));
    assert_eq!(translated("SELECT 1 / 2").unwrap().divides_by_zero, None);
}

#[test]
fn both_ways_of_naming_columns_count_the_same_rows() {
    let counts = [
        "SELECT custkey FROM customer WHERE acctbal > 0",
        "SELECT c_custkey FROM tpch.tiny.customer WHERE c_acctbal > 0",
    ]
    .map(|sql| crate::tpch::count(0.001, sql).unwrap());
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0] > 0);
}
