//! A throw-away PostgreSQL for tests, here and in other crates (feature `test-support`).

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use sqlx::Connection as _;
use thiserror::Error;
use uuid::Uuid;

/// A running server with an empty data directory, reached through a socket in it.
///
/// It ends with this value, and with this process however that ends: the shell that
/// keeps it reads from a pipe that only we hold open.
#[derive(Debug)]
pub struct Postgres {
    socket_directory: String,
    keeper: Mutex<Child>,
    lifeline: Option<ChildStdin>,
}

/// Why there is no PostgreSQL.
#[derive(Debug, Error)]
pub enum StartError {
    /// No binaries anywhere.
    #[error(
        "no PostgreSQL found in POSTGRES_BIN_DIR, PATH, /usr/lib/postgresql/*/bin or .tools/postgres/bin; run `make tools` to install one"
    )]
    NotFound,
    /// The shell that keeps the server could not be started.
    #[error("cannot start {0}: {1}")]
    Spawn(&'static str, std::io::Error),
    /// The server did not come up.
    #[error("PostgreSQL of {bin} did not start; its last words:\n{words}")]
    NotReady {
        /// Where its binaries are.
        bin: String,
        /// What it said.
        words: String,
    },
    /// No database could be made in it.
    #[error("cannot create a database: {0}")]
    Database(#[from] sqlx::Error),
}

/// `$0` is the folder of the binaries. Ends when its input does.
const KEEPER: &str = r#"
exec 2>&1
cd / || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap '' INT TERM HUP
echo "directory $dir"
"$0/initdb" -D "$dir/data" -U postgres -A trust -N --locale=C -E UTF8 || exit 1
"$0/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c max_connections=300 </dev/null &
server=$!
cat >/dev/null
kill -QUIT "$server"
wait "$server"
"#;

impl Postgres {
    /// Starts a server. Returns once it takes connections. It never runs as root:
    /// where this process does, the server runs as `nobody`.
    pub fn start() -> Result<Self, StartError> {
        let bin = find_binaries().ok_or(StartError::NotFound)?;
        let (program, mut command) = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "nobody", "--", "/bin/sh"]);
            ("runuser", command)
        } else {
            ("/bin/sh", Command::new("/bin/sh"))
        };
        command
            .args(["-c", KEEPER])
            .arg(&bin)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut keeper = command
            .spawn()
            .map_err(|error| StartError::Spawn(program, error))?;
        let lifeline = keeper.stdin.take();
        let mut words = String::new();
        let mut socket_directory = None;
        if let Some(stdout) = keeper.stdout.take() {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for line in lines.by_ref() {
                if let Some(directory) = line.strip_prefix("directory ") {
                    socket_directory = Some(directory.to_owned());
                }
                if line.contains("database system is ready to accept connections") {
                    if let Some(socket_directory) = socket_directory {
                        // Nobody reads on, and the pipe must not fill up.
                        std::thread::spawn(move || lines.for_each(drop));
                        return Ok(Self {
                            socket_directory,
                            keeper: Mutex::new(keeper),
                            lifeline,
                        });
                    }
                    break;
                }
                words.push_str(&line);
                words.push('\n');
            }
        }
        drop(lifeline);
        let _ = keeper.wait();
        Err(StartError::NotReady {
            bin: bin.display().to_string(),
            words,
        })
    }

    /// The server all tests of this process share; started by the first.
    pub fn shared() -> Result<&'static Self, StartError> {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        static STARTING: Mutex<()> = Mutex::new(());
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(postgres) = SHARED.get() {
            return Ok(postgres);
        }
        let postgres = Self::start()?;
        Ok(SHARED.get_or_init(|| postgres))
    }

    /// Makes an empty database and returns its URL, good for `DATABASE_URL`.
    pub async fn create_database(&self) -> Result<String, StartError> {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut connection = sqlx::PgConnection::connect(&self.url("postgres")).await?;
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(self.url(&name))
    }

    fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@localhost/{database}?host={}",
            self.socket_directory
        )
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let keeper = self
            .keeper
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let _ = keeper.wait();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn find_binaries() -> Option<PathBuf> {
    let complete =
        |folder: &PathBuf| folder.join("postgres").is_file() && folder.join("initdb").is_file();
    let named = std::env::var_os("POSTGRES_BIN_DIR").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|version| version.path().join("bin"))
        .collect();
    installed.sort();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/postgres/bin");
    named
        .into_iter()
        .chain(std::env::split_paths(&path))
        .chain(installed.into_iter().rev())
        .chain([tools])
        .find(complete)
}
