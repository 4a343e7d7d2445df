"""Tests of check_links.py, run by `make lint` before it."""

import pathlib
import tempfile
import unittest

import check_links


def problems(**files):
    """The broken links of a repository of these files; `__` in a name is a slash, `_md` its extension."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        names = []
        for name, text in files.items():
            name = name.replace("__", "/").replace("_md", ".md")
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
            names.append(name)
        return list(check_links.broken(root, names))


class Links(unittest.TestCase):
    def test_links_to_files_folders_and_headings_that_exist_are_sound(self):
        found = problems(
            a_md="# A\n[b](docs/b.md) [c](docs/b.md#two-words) [d](docs/) ![e](/docs/b.md) [f](#a) [x][y]\n\n[y]: docs/b.md",
            docs__b_md="## Two words\n[up](../a.md) <a id='here'></a> [h](#here)",
        )
        self.assertEqual(found, [])

    def test_a_missing_file_is_named_with_its_line(self):
        self.assertEqual(problems(a_md="\n[b](b.md)"), ["a.md:2: b.md does not exist"])

    def test_a_missing_heading_is_named(self):
        self.assertEqual(problems(a_md="# A\n[b](#b)"), ["a.md:2: #b: a.md has no heading #b"])

    def test_a_link_out_of_the_repository_is_refused(self):
        self.assertEqual(problems(a_md="[b](../b.md)"), ["a.md:1: ../b.md leads out of the repository"])

    def test_a_reference_without_a_definition_is_named(self):
        self.assertEqual(problems(a_md="[b][c]"), ["a.md:1: [c] is defined nowhere"])

    def test_an_image_in_html_is_looked_at(self):
        self.assertEqual(problems(a_md='<img src="b.svg">'), ["a.md:1: b.svg does not exist"])

    def test_code_comments_and_the_web_are_left_alone(self):
        self.assertEqual(
            problems(a_md="`[a](b)`\n```md\n[a](b)\n```\n<!-- [a](b) -->\n[w](https://example.com/x) [m](mailto:a@b.c)"),
            [],
        )

    def test_a_folders_readme_lists_the_documents_beside_it(self):
        self.assertEqual(
            problems(a_md="", README_md="", docs__README_md="[b](b.md)", docs__b_md="", docs__c_md="", other__d_md=""),
            ["docs/c.md: docs/README.md does not list it"],
        )

    def test_headings_get_githubs_anchors(self):
        text = "# The `run` command: how, why?\n# Same\n# Same\n# A [link](x.md) *here*\n# snake_case stays"
        self.assertEqual(
            check_links.anchors(text),
            {"the-run-command-how-why", "same", "same-1", "a-link-here", "snake_case-stays"},
        )


if __name__ == "__main__":
    unittest.main(verbosity=0)
