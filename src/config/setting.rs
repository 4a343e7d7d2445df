//! What a setting is: one row of the table that flags, `--help`, documentation
//! and the readers of values all come from.

/// One setting of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The environment variable. Deployments have these names: they never change.
    pub variable: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// What holds where it is not set.
    pub default: Default,
    /// What it is for, in a line.
    pub help: &'static str,
}

/// What the value of a setting looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One line of text.
    Text,
    /// Texts with commas between them.
    List,
    /// An absolute http or https URL.
    Url,
    /// A path of this machine.
    Path,
    /// A bucket, or a folder of one.
    Bucket,
    /// An IP address and a port.
    Address,
    /// true, false, 1, 0, yes or no.
    Boolean,
    /// A whole number.
    Number {
        /// The smallest that makes sense.
        min: u32,
        /// The largest that makes sense.
        max: u32,
    },
    /// A whole number of seconds.
    Seconds {
        /// The shortest that makes sense.
        min: u32,
        /// The longest that makes sense.
        max: u32,
    },
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A password, token or key. It has no flag, because a flag shows in `ps`;
    /// `<variable>_FILE` names a file to read it from, and to read it from again.
    Secret,
}

/// What holds where a setting is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// This value.
    Value(&'static str),
    /// Nothing: not setting it is an error.
    Required,
    /// What the text says.
    Otherwise(&'static str),
}

/// Settings that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// The settings.
    pub settings: &'static [Setting],
}

impl Setting {
    /// The flag that overrides the variable, without its dashes. Secrets have none.
    pub fn flag(&self) -> Option<String> {
        match self.kind {
            Kind::Secret => None,
            Kind::Text
            | Kind::List
            | Kind::Url
            | Kind::Path
            | Kind::Bucket
            | Kind::Address
            | Kind::Boolean
            | Kind::Number { .. }
            | Kind::Seconds { .. }
            | Kind::Choice(_) => Some(self.variable.to_lowercase().replace('_', "-")),
        }
    }

    /// The variable that names the file of a secret.
    pub fn file_variable(&self) -> Option<String> {
        (self.kind == Kind::Secret).then(|| format!("{}_FILE", self.variable))
    }

    /// What a value must look like, in words, with its unit.
    pub fn expects(&self) -> String {
        match self.kind {
            Kind::Text => "one line of text".to_owned(),
            Kind::List => "texts with commas between them".to_owned(),
            Kind::Url => "a URL such as https://host:port".to_owned(),
            Kind::Path => "a path".to_owned(),
            Kind::Bucket => "gs://bucket or gs://bucket/folder".to_owned(),
            Kind::Address => "an address and a port such as 0.0.0.0:8080".to_owned(),
            Kind::Boolean => "true or false".to_owned(),
            Kind::Number { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Seconds { min, max } => format!("whole seconds from {min} to {max}"),
            Kind::Choice(words) => one_of(words),
            Kind::Secret => "a secret".to_owned(),
        }
    }

    /// The placeholder of its value in `--help`.
    pub fn value_name(&self) -> &'static str {
        match self.kind {
            Kind::Text => "TEXT",
            Kind::List => "LIST",
            Kind::Url => "URL",
            Kind::Path => "PATH",
            Kind::Bucket => "gs://BUCKET",
            Kind::Address => "ADDRESS",
            Kind::Boolean => "BOOL",
            Kind::Number { .. } => "N",
            Kind::Seconds { .. } => "SECONDS",
            Kind::Choice(_) => "NAME",
            Kind::Secret => "SECRET",
        }
    }
}

/// `a, b or c`.
fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
