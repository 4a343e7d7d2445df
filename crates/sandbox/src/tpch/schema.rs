//! The eight TPC-H tables as Trino's `tpch` connector shows them.

/// Type of a column, in Trino's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// 32-bit integer.
    Integer,
    /// 64-bit integer.
    Bigint,
    /// 64-bit float; the connector's default for TPC-H's decimals.
    Double,
    /// Text.
    Varchar,
    /// Day, as text `2024-01-31` inside SQLite.
    Date,
    /// True or false; no TPC-H column has it.
    Boolean,
}

impl ColumnType {
    /// Its name in Trino, and the declared type inside SQLite.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Bigint => "bigint",
            Self::Double => "double",
            Self::Varchar => "varchar",
            Self::Date => "date",
            Self::Boolean => "boolean",
        }
    }

    /// The type SQLite declares for a column, if it is one of ours.
    pub fn declared(name: &str) -> Option<Self> {
        [
            Self::Integer,
            Self::Bigint,
            Self::Double,
            Self::Varchar,
            Self::Date,
            Self::Boolean,
        ]
        .into_iter()
        .find(|known| known.name().eq_ignore_ascii_case(name))
    }
}

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Prefix of its columns in the standard's own naming, as `c_` in `c_custkey`.
    pub prefix: &'static str,
    /// Its columns without that prefix, as the connector names them by default.
    pub columns: &'static [(&'static str, ColumnType)],
}

impl Table {
    /// The statement that creates it.
    pub fn create(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(name, kind)| format!("\"{name}\" {}", kind.name()))
            .collect();
        format!("CREATE TABLE {} ({})", self.name, columns.join(", "))
    }

    /// The statement that fills it by position.
    pub fn insert(&self) -> String {
        let marks = vec!["?"; self.columns.len()].join(", ");
        format!("INSERT INTO {} VALUES ({marks})", self.name)
    }

    /// The statement that lays the prefixed names over it, for one connection.
    pub fn prefixed_view(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(name, _)| format!("\"{name}\" AS \"{}{name}\"", self.prefix))
            .collect();
        format!(
            "CREATE TEMP VIEW {name} AS SELECT {} FROM main.{name}",
            columns.join(", "),
            name = self.name
        )
    }

    /// Whether `name` is one of its columns in the prefixed naming.
    pub fn has_prefixed(&self, name: &str) -> bool {
        name.strip_prefix(self.prefix)
            .is_some_and(|bare| self.columns.iter().any(|(column, _)| *column == bare))
    }
}

use ColumnType::{Bigint, Date, Double, Integer, Varchar};

/// All tables.
pub const TABLES: [Table; 8] = [
    Table {
        name: "region",
        prefix: "r_",
        columns: &[
            ("regionkey", Bigint),
            ("name", Varchar),
            ("comment", Varchar),
        ],
    },
    Table {
        name: "nation",
        prefix: "n_",
        columns: &[
            ("nationkey", Bigint),
            ("name", Varchar),
            ("regionkey", Bigint),
            ("comment", Varchar),
        ],
    },
    Table {
        name: "supplier",
        prefix: "s_",
        columns: &[
            ("suppkey", Bigint),
            ("name", Varchar),
            ("address", Varchar),
            ("nationkey", Bigint),
            ("phone", Varchar),
            ("acctbal", Double),
            ("comment", Varchar),
        ],
    },
    Table {
        name: "customer",
        prefix: "c_",
        columns: &[
            ("custkey", Bigint),
            ("name", Varchar),
            ("address", Varchar),
            ("nationkey", Bigint),
            ("phone", Varchar),
            ("acctbal", Double),
            ("mktsegment", Varchar),
            ("comment", Varchar),
        ],
    },
    Table {
        name: "part",
        prefix: "p_",
        columns: &[
            ("partkey", Bigint),
            ("name", Varchar),
            ("mfgr", Varchar),
            ("brand", Varchar),
            ("type", Varchar),
            ("size", Integer),
            ("container", Varchar),
            ("retailprice", Double),
            ("comment", Varchar),
        ],
    },
    Table {
        name: "partsupp",
        prefix: "ps_",
        columns: &[
            ("partkey", Bigint),
            ("suppkey", Bigint),
            ("availqty", Integer),
            ("supplycost", Double),
            ("comment", Varchar),
        ],
    },
    Table {
        name: "orders",
        prefix: "o_",
        columns: &[
            ("orderkey", Bigint),
            ("custkey", Bigint),
            ("orderstatus", Varchar),
            ("totalprice", Double),
            ("orderdate", Date),
            ("orderpriority", Varchar),
            ("clerk", Varchar),
            ("shippriority", Integer),
            ("comment", Varchar),
        ],
    },
    Table {
        name: "lineitem",
        prefix: "l_",
        columns: &[
            ("orderkey", Bigint),
            ("partkey", Bigint),
            ("suppkey", Bigint),
            ("linenumber", Integer),
            ("quantity", Double),
            ("extendedprice", Double),
            ("discount", Double),
            ("tax", Double),
            ("returnflag", Varchar),
            ("linestatus", Varchar),
            ("shipdate", Date),
            ("commitdate", Date),
            ("receiptdate", Date),
            ("shipinstruct", Varchar),
            ("shipmode", Varchar),
            ("comment", Varchar),
        ],
    },
];

/// The table of that name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
