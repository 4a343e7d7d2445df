//! What docs/install.md and the chart's README tell people to type is taken by helm and kustomize.

use std::io::Write as _;

use super::{
    super::{
        schemas::assert_valid,
        tool::{output, read, repository, tool},
    },
    CHART, helm, template,
};

/// The blocks of this language in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let text = read(document);
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

/// The commands of all shell blocks that begin with `program`, each as its words.
fn commands(document: &str, program: &str) -> Vec<Vec<String>> {
    blocks(document, "sh")
        .iter()
        .flat_map(|block| {
            let joined = block.replace("\\\n", " ");
            joined.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .map(|line| {
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|words| words.first().is_some_and(|word| word == program))
        .collect()
}

#[test]
fn every_command_that_installs_renders() {
    let mut seen = 0;
    for document in ["docs/install.md", &format!("{CHART}/README.md")] {
        for words in commands(document, "helm") {
            let Some(at) = words.iter().position(|word| word == CHART) else {
                continue;
            };
            let arguments = words[at..]
                .iter()
                .filter(|word| *word != "--create-namespace");
            // The operator's own file of values stands for any.
            let arguments = arguments.map(|word| match word.as_str() {
                "values.yaml" => format!("{CHART}/ci/minimal.yaml"),
                other => other.to_owned(),
            });
            let rendered = output(helm().args(["template", &words[at - 1]]).args(arguments));
            assert!(rendered.contains("kind: Deployment"), "{words:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
}

#[test]
fn every_example_of_values_renders() {
    let examples = blocks("docs/install.md", "yaml");
    assert!(examples.len() >= 8, "{examples:#?}");
    let rendered = examples.iter().enumerate().map(|(number, example)| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(example.as_bytes()).unwrap();
        let mut command = template();
        command.args(["--values", &format!("{CHART}/ci/minimal.yaml"), "--values"]);
        (
            format!("example-{number}"),
            output(command.arg(file.path())),
        )
    });
    assert_valid(rendered);
}

#[test]
fn every_folder_that_is_applied_builds() {
    let mut seen = 0;
    for words in commands("docs/install.md", "kubectl") {
        if let Some(at) = words.iter().position(|word| word == "--kustomize") {
            assert!(repository().join(&words[at + 1]).is_dir(), "{words:?}");
            output(tool("kustomize").args(["build", &words[at + 1]]));
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}
