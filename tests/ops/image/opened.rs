//! An image opened: its configuration, its files, and its binary run as its user.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use super::super::{process::worker_binary, tool::output};

/// An image of `make image`, unpacked into a folder of its own.
pub struct Image {
    /// What an engine reads: user, entrypoint, labels.
    pub config: Value,
    /// One line for each file and folder, as tar shows it: mode, owner, name.
    pub listing: Vec<String>,
    /// Bytes of the archive.
    pub size: u64,
    files: TempDir,
}

/// Where `make image` puts what it makes: beside the folder of the tests' own binaries.
fn folder() -> PathBuf {
    let target = worker_binary()
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .to_owned();
    target.join("image")
}

impl Image {
    /// Opens the image of a package in this version.
    pub fn open(package: &str) -> Self {
        let archive = folder().join(format!("{package}-{}.oci.tar", env!("CARGO_PKG_VERSION")));
        assert!(
            archive.is_file(),
            "{} is not there; run `make image`",
            archive.display()
        );
        let size = archive.metadata().unwrap().len();
        let files = tempfile::tempdir().unwrap();
        let blobs = tempfile::tempdir().unwrap();
        unpack(&archive, blobs.path());
        let blob = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap().replace(':', "/");
            blobs.path().join("blobs").join(digest)
        };
        let index = json(&blobs.path().join("index.json"));
        let manifest = json(&blob(&index["manifests"][0]));
        let config = json(&blob(&manifest["config"]));
        let mut listing = Vec::new();
        for layer in manifest["layers"].as_array().unwrap() {
            let layer = blob(layer);
            let listed = output(
                Command::new("tar")
                    .args(["--list", "--verbose", "--numeric-owner", "--file"])
                    .arg(&layer),
            );
            listing.extend(listed.lines().map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                format!("{} {} {}", words[0], words[1], words[words.len() - 1])
            }));
            unpack(&layer, files.path());
        }
        Self {
            config,
            listing,
            size,
            files,
        }
    }

    /// A file of the image, on this machine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// A folder that is mounted into the image and belongs to its user.
    pub fn mount(&self, name: &str) -> PathBuf {
        let folder = self.path(name);
        // Unpacked as it was packed, it takes no new folder.
        output(Command::new("chmod").arg("u+w").arg(self.files.path()));
        std::fs::create_dir(&folder).unwrap();
        if root() {
            output(Command::new("chown").arg("65532:65532").arg(&folder));
        }
        folder
    }

    /// Program and arguments that run the image's entrypoint with `arguments`, with
    /// no files but the image's own, as its user.
    pub fn entrypoint(&self, arguments: &[&str]) -> (PathBuf, Vec<String>) {
        let config = &self.config["config"];
        let (user, group) = config["User"].as_str().unwrap().split_once(':').unwrap();
        let files = self.files.path().to_str().unwrap();
        let mut all = if root() {
            vec![format!("--userspec={user}:{group}"), files.to_owned()]
        } else {
            vec![
                format!("--map-user={user}"),
                format!("--map-group={group}"),
                format!("--root={files}"),
                "--wd=/".to_owned(),
            ]
        };
        let program = config["Entrypoint"].as_array().unwrap();
        all.extend(program.iter().map(|word| word.as_str().unwrap().to_owned()));
        all.extend(arguments.iter().map(|word| (*word).to_owned()));
        let changer = if root() { "chroot" } else { "unshare" };
        (PathBuf::from(changer), all)
    }

    /// A command of the image, with nothing in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let (program, arguments) = self.entrypoint(arguments);
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Folders that nobody may write to cannot be emptied but by root.
        let _ = Command::new("chmod")
            .args(["-R", "u+w"])
            .arg(self.files.path())
            .status();
    }
}

/// Whether this is root, as in continuous integration; anybody else has a user
/// namespace of their own.
fn root() -> bool {
    output(Command::new("id").arg("-u")).trim() == "0"
}

fn unpack(archive: &Path, folder: &Path) {
    let mut tar = Command::new("tar");
    tar.args([
        "--extract",
        "--preserve-permissions",
        "--delay-directory-restore",
    ]);
    output(
        tar.arg("--file")
            .arg(archive)
            .arg("--directory")
            .arg(folder),
    );
}

/// A file of JSON.
pub fn json(path: &Path) -> Value {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}
