//! The figures where people read them: in the documents.

use std::{fmt::Write as _, path::Path};

use super::{Points, figures::Figures, picture};

const BEGIN: &str = "<!-- scale-out:begin -->\n";
const END: &str = "<!-- scale-out:end -->";

/// Draws `docs/scale-out.svg`, and puts picture and tables into `docs/benchmarks.md`
/// in place of those of the last time.
pub fn write(points: &[Points], tables: &[Figures]) {
    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    std::fs::write(documents.join("scale-out.svg"), picture::draw(points)).unwrap();
    let path = documents.join("benchmarks.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let mut between =
        String::from("![Throughput and busy cores by number of workers](scale-out.svg)\n");
    for table in tables {
        let _ = write!(between, "\n{table}");
    }
    std::fs::write(&path, format!("{before}{BEGIN}{between}{END}{after}")).unwrap();
    println!("\nwritten: {} and scale-out.svg beside it", path.display());
}
