//! The Dockerfile, read: it says the same as `make image`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    super::tool::{output, read, tool},
    PACKAGES, VERSION,
    opened::Image,
};

/// The instructions of one stage, in their order: word and rest.
pub type Stage = Vec<(String, String)>;

/// The stages of the Dockerfile that have a name.
pub fn stages() -> BTreeMap<String, Stage> {
    let text = read("deploy/Dockerfile");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let mut stages = BTreeMap::new();
    let mut name = String::new();
    for line in joined.lines().filter(|line| !line.trim().is_empty()) {
        let (word, rest) = line.trim().split_once(' ').unwrap();
        if word == "FROM" {
            rest.rsplit_once(" AS ").unwrap().1.clone_into(&mut name);
        }
        let stage: &mut Stage = stages.entry(name.clone()).or_default();
        stage.push((word.to_owned(), rest.trim().to_owned()));
    }
    stages
}

/// What comes after an instruction that a stage has once.
fn only<'a>(stage: &'a Stage, word: &str) -> &'a str {
    let mut found = stage.iter().filter(|(name, _)| name == word);
    let (Some((_, rest)), None) = (found.next(), found.next()) else {
        panic!("not one {word}: {stage:#?}");
    };
    rest
}

/// Default of a build argument.
fn argument(stage: &Stage, name: &str) -> Option<String> {
    let start = format!("{name}=");
    let rests = stage.iter().filter(|(word, _)| word == "ARG");
    let mut values = rests.filter_map(|(_, rest)| rest.strip_prefix(&start));
    values.next().map(str::to_owned)
}

/// The labels of a stage, with its build arguments' names for their values.
fn labels(stage: &Stage) -> Map<String, Value> {
    let parts = only(stage, "LABEL").split("\" ");
    parts
        .map(|label| {
            let (name, value) = label.trim().split_once('=').unwrap();
            (name.to_owned(), json!(value.trim_matches('"')))
        })
        .collect()
}

#[test]
fn the_dockerfile_has_no_lint() {
    output(tool("hadolint").arg("deploy/Dockerfile"));
}

#[test]
fn the_dockerfile_makes_the_images_that_make_image_makes() {
    let stages = stages();
    for package in PACKAGES {
        let stage = &stages[package];
        let image = Image::open(package);
        let config = &image.config["config"];
        let words = |word| serde_json::from_str::<Value>(only(stage, word)).unwrap();
        assert_eq!(only(stage, "FROM"), format!("scratch AS {package}"));
        assert_eq!(config["User"], only(stage, "USER"));
        assert_eq!(config["WorkingDir"], only(stage, "WORKDIR"));
        assert_eq!(config["Entrypoint"], words("ENTRYPOINT"));
        assert_eq!(config["Cmd"], words("CMD"));
        assert_eq!(config["ExposedPorts"], json!({only(stage, "EXPOSE"): {}}));
        assert_eq!(
            only(stage, "COPY"),
            format!("--from=build /images/{package}/ /")
        );

        let told = labels(stage);
        let made = config["Labels"].as_object().unwrap();
        for (name, value) in made
            .iter()
            .filter(|(name, _)| *name != "io.buildah.version")
        {
            match name.rsplit_once('.').unwrap().1 {
                told_at_build @ ("version" | "revision" | "created") => {
                    assert_eq!(told[name], format!("${}", told_at_build.to_uppercase()));
                }
                _ => assert_eq!(&told[name], value, "{name}"),
            }
        }
        assert_eq!(told.len(), made.len() - 1, "{told:#?}");
        assert_eq!(argument(stage, "VERSION").as_deref(), Some(VERSION));
    }
}

#[test]
fn the_dockerfile_compiles_with_the_toolchain_of_the_repository() {
    let stages = stages();
    let toolchain = read("rust-toolchain.toml");
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "))
        .unwrap()
        .trim_matches('"');
    // Before the first stage.
    let image = argument(&stages[""], "RUST_IMAGE").unwrap();
    assert!(image.contains(&format!(":{channel}-")), "{image}");
    assert_eq!(
        only(&stages["toolchain"], "ENV"),
        format!("RUSTUP_TOOLCHAIN={channel}")
    );
}

#[test]
fn a_container_engine_is_handed_what_the_build_reads_and_no_secret() {
    let ignored = read(".dockerignore");
    let (first, rest) = ignored
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect::<Vec<_>>()
        .split_first()
        .map(|(first, rest)| ((*first).to_owned(), rest.join(" ")))
        .unwrap();
    assert_eq!(first, "*");
    assert!(!rest.contains("deploy"), "{rest}");
    for read in ["Cargo.lock", "crates", "src", "LICENSE", "tools/image"] {
        assert!(rest.contains(&format!("!{read}")), "{read}: {rest}");
    }
}
