use std::fmt;

/// One thing that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The environment variable it is about.
    pub variable: String,
    /// The value, where it is no secret, what is wrong with it, and what to do.
    pub message: String,
}

/// Everything that is wrong with the configuration, at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has 1 error:")?,
            count => write!(f, "the configuration has {count} errors:")?,
        }
        for Problem { variable, message } in &self.0 {
            write!(f, "\n  {variable}: {message}")?;
        }
        Ok(())
    }
}
