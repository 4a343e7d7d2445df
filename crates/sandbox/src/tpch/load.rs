//! Fills a SQLite file with TPC-H tables.

use std::path::Path;

use rusqlite::{Connection, ToSql, params};
use tpchgen::distribution::Distributions;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator,
    PartSuppGenerator, RegionGenerator, SupplierGenerator,
};
use tpchgen::text::TextPool;

use super::schema::{TABLES, table};

/// Bytes of the text that comments are cut from. The standard's is 300 MB, which
/// takes seconds to make and stays in memory; so comments differ from the
/// standard's, and nothing else does.
const TEXT_BYTES: i32 = 8 << 20;

/// What rows are made from.
struct Source<'a> {
    scale: f64,
    words: &'a Distributions,
    text: &'a TextPool,
}

/// Creates and fills all tables at `scale` in a new file at `path`, in one
/// transaction.
pub(super) fn load(path: &Path, scale: f64) -> rusqlite::Result<()> {
    let words = Distributions::static_default();
    let source = Source {
        scale,
        words,
        text: &TextPool::new(TEXT_BYTES, words),
    };
    let mut connection = Connection::open(path)?;
    // Nothing of it outlives the process, so nothing needs to be durable.
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;",
    )?;
    let transaction = connection.transaction()?;
    for table in &TABLES {
        transaction.execute(&table.create(), [])?;
    }
    regions_and_nations(&transaction, &source)?;
    suppliers_and_customers(&transaction, &source)?;
    parts(&transaction, &source)?;
    orders(&transaction, &source)?;
    transaction.commit()
}

/// Runs the table's insert once per row that `rows` pushes.
fn fill(
    connection: &Connection,
    name: &str,
    rows: impl FnOnce(&mut dyn FnMut(&[&dyn ToSql]) -> rusqlite::Result<()>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let Some(table) = table(name) else {
        return Err(rusqlite::Error::InvalidQuery);
    };
    let mut statement = connection.prepare(&table.insert())?;
    rows(&mut |row| statement.execute(row).map(drop))
}

fn regions_and_nations(connection: &Connection, source: &Source<'_>) -> rusqlite::Result<()> {
    let Source { words, text, .. } = *source;
    fill(connection, "region", |push| {
        for row in RegionGenerator::new_with_distributions_and_text_pool(words, text).iter() {
            push(params![row.r_regionkey, row.r_name, row.r_comment])?;
        }
        Ok(())
    })?;
    fill(connection, "nation", |push| {
        for row in NationGenerator::new_with_distributions_and_text_pool(words, text).iter() {
            push(params![
                row.n_nationkey,
                row.n_name,
                row.n_regionkey,
                row.n_comment
            ])?;
        }
        Ok(())
    })
}

fn suppliers_and_customers(connection: &Connection, source: &Source<'_>) -> rusqlite::Result<()> {
    let Source { scale, words, text } = *source;
    fill(connection, "supplier", |push| {
        for row in
            SupplierGenerator::new_with_distributions_and_text_pool(scale, 1, 1, words, text).iter()
        {
            push(params![
                row.s_suppkey,
                row.s_name.to_string(),
                row.s_address.to_string(),
                row.s_nationkey,
                row.s_phone.to_string(),
                row.s_acctbal.as_f64(),
                row.s_comment
            ])?;
        }
        Ok(())
    })?;
    fill(connection, "customer", |push| {
        for row in
            CustomerGenerator::new_with_distributions_and_text_pool(scale, 1, 1, words, text).iter()
        {
            push(params![
                row.c_custkey,
                row.c_name.to_string(),
                row.c_address.to_string(),
                row.c_nationkey,
                row.c_phone.to_string(),
                row.c_acctbal.as_f64(),
                row.c_mktsegment,
                row.c_comment
            ])?;
        }
        Ok(())
    })
}

fn parts(connection: &Connection, source: &Source<'_>) -> rusqlite::Result<()> {
    let Source { scale, words, text } = *source;
    fill(connection, "part", |push| {
        for row in
            PartGenerator::new_with_distributions_and_text_pool(scale, 1, 1, words, text).iter()
        {
            push(params![
                row.p_partkey,
                row.p_name.to_string(),
                row.p_mfgr.to_string(),
                row.p_brand.to_string(),
                row.p_type,
                row.p_size,
                row.p_container,
                row.p_retailprice.as_f64(),
                row.p_comment
            ])?;
        }
        Ok(())
    })?;
    fill(connection, "partsupp", |push| {
        for row in PartSuppGenerator::new_with_text_pool(scale, 1, 1, text).iter() {
            push(params![
                row.ps_partkey,
                row.ps_suppkey,
                row.ps_availqty,
                row.ps_supplycost.as_f64(),
                row.ps_comment
            ])?;
        }
        Ok(())
    })
}

fn orders(connection: &Connection, source: &Source<'_>) -> rusqlite::Result<()> {
    let Source { scale, words, text } = *source;
    fill(connection, "orders", |push| {
        for row in
            OrderGenerator::new_with_distributions_and_text_pool(scale, 1, 1, words, text).iter()
        {
            push(params![
                row.o_orderkey,
                row.o_custkey,
                row.o_orderstatus.to_string(),
                row.o_totalprice.as_f64(),
                row.o_orderdate.to_string(),
                row.o_orderpriority,
                row.o_clerk.to_string(),
                row.o_shippriority,
                row.o_comment
            ])?;
        }
        Ok(())
    })?;
    fill(connection, "lineitem", |push| {
        for row in
            LineItemGenerator::new_with_distributions_and_text_pool(scale, 1, 1, words, text).iter()
        {
            push(params![
                row.l_orderkey,
                row.l_partkey,
                row.l_suppkey,
                row.l_linenumber,
                row.l_quantity,
                row.l_extendedprice.as_f64(),
                row.l_discount.as_f64(),
                row.l_tax.as_f64(),
                row.l_returnflag,
                row.l_linestatus,
                row.l_shipdate.to_string(),
                row.l_commitdate.to_string(),
                row.l_receiptdate.to_string(),
                row.l_shipinstruct,
                row.l_shipmode,
                row.l_comment
            ])?;
        }
        Ok(())
    })
}
