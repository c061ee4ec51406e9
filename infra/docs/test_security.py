"""docs/security.md: every test that it names exists, where it says. Must never take a comment for a test."""

import re
import tempfile
import unittest
from pathlib import Path

from documents import WORKSPACE, anchors, links

PAGE = WORKSPACE / "docs" / "security.md"
TEXT = PAGE.read_text(encoding="utf-8")
# `file::name`; names of TypeScript's tests are sentences, which may hold backticks: then two enclose them.
NAMED = re.compile(r"(?<!`)(`+)([\w./-]+\.(?:rs|py|ts))::(.+?)\1(?!`)")
FORMS = {
    ".rs": r"#\[(?:tokio::)?test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub )?(?:async )?fn {}\(",
    ".py": r"^\s+def {}\(self",
    ".ts": r'^test\("{}"',
}


def missing(file, name):
    """Why there is no such test; empty if there is."""
    if not file.exists():
        return f"{file} is not there"
    form = FORMS[file.suffix].replace("{}", re.escape(name))
    return "" if re.search(form, file.read_text(encoding="utf-8"), re.MULTILINE) else f"{file} has no test {name}"


class Security(unittest.TestCase):
    def test_every_named_test_exists(self):
        named = NAMED.findall(TEXT)
        self.assertEqual(len(named), TEXT.count("::"), "each :: is one of a named test")
        self.assertGreater(len(named), 40)
        wrong = sorted({problem for _, path, name in named if (problem := missing(WORKSPACE / path, name))})
        self.assertEqual(wrong, [])

    def test_every_cannot_has_its_control_and_its_proof(self):
        tables = re.findall(r"^\| Cannot \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
        self.assertGreaterEqual(len(tables), 8)
        for row in "".join(tables).splitlines():
            cells = [cell.strip() for cell in row.strip("|").split(" | ")]
            self.assertEqual(len(cells), 3, row)
            self.assertTrue(all(cells), row)
            self.assertRegex(cells[2], r"::|as under|infra/", row)

    def test_what_the_issue_asks_for_is_there(self):
        for who in ("sender role", "builder role", "pull request", "forged message", "moved tag", "compromised worker", "registry account", "write access"):
            self.assertRegex(TEXT, rf"(?im)^## .*{who}")

    def test_links_lead_somewhere(self):
        for link in links(TEXT):
            target, _, anchor = link.partition("#")
            file = (PAGE.parent / target).resolve() if target else PAGE
            self.assertTrue(file.exists(), link)
            if anchor:
                self.assertIn(anchor, anchors(file.read_text(encoding="utf-8")), link)

    def test_a_name_that_no_test_has_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            rust, python, typescript = (Path(folder) / f"a{suffix}" for suffix in FORMS)
            rust.write_text("#[tokio::test]\nasync fn real() {}\n// #[test] fn told() {}\nfn helper() {}\n")
            python.write_text("class A:\n    def test_real(self):\n        pass\n    # def test_told(self)\n")
            typescript.write_text('test("it is real", () => {});\n// test("it is told"\n')
            for file, good, bad in ((rust, "real", "helper"), (python, "test_real", "test_told"), (typescript, "it is real", "it is told")):
                self.assertEqual(missing(file, good), "")
                self.assertNotEqual(missing(file, bad), "")
            self.assertNotEqual(missing(Path(folder) / "b.rs", "real"), "")


if __name__ == "__main__":
    unittest.main()
