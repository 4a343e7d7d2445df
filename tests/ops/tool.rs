//! The installed tools, run to their end.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// The root of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository, as text.
pub fn read(path: &str) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A command of a tool that `make tools` installs, run in the repository's root.
pub fn tool(name: &str) -> Command {
    let program = repository().join(".tools/bin").join(name);
    assert!(
        program.is_file(),
        "{name} is not installed; run `make tools`"
    );
    let mut command = Command::new(program);
    command.current_dir(repository());
    command
}

/// Runs a command to its end; what it wrote to standard output.
pub fn output(command: &mut Command) -> String {
    let (said, complaint) = match run(command) {
        Ok(said) => return said,
        Err(refusal) => refusal,
    };
    panic!("{command:?} failed:\n{said}\n{complaint}");
}

/// Runs a command that must fail; what it wrote to both outputs.
pub fn refusal(command: &mut Command) -> String {
    match run(command) {
        Ok(said) => panic!("{command:?} did not fail:\n{said}"),
        Err((said, complaint)) => format!("{said}\n{complaint}"),
    }
}

fn run(command: &mut Command) -> Result<String, (String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    if status.success() {
        Ok(text(&stdout))
    } else {
        Err((text(&stdout), text(&stderr)))
    }
}
