use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::{
    shown::{picture, short},
    *,
};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.0.path()).unwrap().join(path)
    }

    fn put(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    fn skill(&self, folder: &str, name: &str) {
        let head = format!("---\nname: {name}\ndescription: d\n---\n");
        self.put(&format!("{folder}/SKILL.md"), head);
    }

    fn list(&self, root: &str) -> Listing {
        list_skills(&self.path(root), &mut |_| {})
    }

    /// Names with folders, and errors with folders.
    fn told(&self, root: &str) -> (Vec<String>, Vec<String>) {
        let listing = self.list(root);
        let below = |path: &Path| {
            let path = path.strip_prefix(self.path("")).unwrap();
            path.display().to_string().replace("/SKILL.md", "")
        };
        let skills = listing.skills.iter();
        let skills = skills.map(|skill| format!("{} {}", below(&skill.path), skill.name));
        let errors = listing.errors.iter();
        let errors = errors.map(|(path, words)| format!("{}: {words}", below(path)));
        (skills.collect(), errors.collect())
    }
}

#[test]
fn skills_are_found_where_people_look_for_them() {
    let folder = Folder::new();
    folder.skill("s", "own");
    folder.skill("s/b", "later");
    folder.skill("s/a/nested", "sooner");
    folder.skill("s/.hidden", "hidden");
    folder.skill("s/1/2/3/4/5/6", "deepest");
    folder.skill("s/1/2/3/4/5/6/7", "too deep");
    folder.put("s/c/skill.md", "---\nname: case\ndescription: d\n---\n");
    folder.put("s/n/SKILL.md", "---\ndescription: of a folder\n---\n");
    folder.skill("other/x", "elsewhere");
    symlink(folder.path("other"), folder.path("s/link")).unwrap();
    symlink(folder.path("s"), folder.path("other/back")).unwrap();
    symlink("nowhere", folder.path("s/dangling")).unwrap();
    fs::create_dir(folder.path("s/twice")).unwrap();
    symlink(folder.path("s/b/SKILL.md"), folder.path("s/twice/SKILL.md")).unwrap();
    fs::create_dir_all(folder.path("s/dir/SKILL.md")).unwrap();
    let (skills, errors) = folder.told("s");
    assert_eq!(
        skills,
        [
            "other/x elsewhere",
            "s/1/2/3/4/5/6 deepest",
            "s own",
            "s/a/nested sooner",
            "s/b later",
            "s/n n",
        ]
    );
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(folder.list("none"), Listing::default());
    assert_eq!(folder.list("s/SKILL.md"), Listing::default());
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_path() {
    let folder = Folder::new();
    let long = format!("---\nname: {}\ndescription: d\n---\n", "n".repeat(65));
    let cases: [(&str, &[u8], &str); 9] = [
        (
            "bin",
            b"\xff\xfe",
            "failed to read file: invalid utf-8 sequence of 1 bytes from index 0",
        ),
        ("empty", b"", "missing YAML frontmatter delimited by ---"),
        (
            "long",
            long.as_bytes(),
            "invalid name: exceeds maximum length of 64 characters",
        ),
        (
            "no-description",
            b"---\nname: n\n---\n",
            "missing field `description`",
        ),
        (
            "no-head",
            b"hello",
            "missing YAML frontmatter delimited by ---",
        ),
        (
            "open",
            b"---\nname: n\n",
            "missing YAML frontmatter delimited by ---",
        ),
        ("sequence", b"---\n- a\n---\n", "invalid YAML: "),
        (
            "vast",
            &[b'x'; HEAD_LIMIT],
            "no YAML frontmatter in the first 65536 bytes",
        ),
        (
            "void",
            b"---\nname: n\ndescription: ''\n---\n",
            "missing field `description`",
        ),
    ];
    folder.skill("s/good", "good");
    for (name, contents, _) in &cases {
        folder.put(&format!("s/{name}/SKILL.md"), contents);
    }
    let (skills, errors) = folder.told("s");
    assert_eq!(skills, ["s/good good"]);
    assert_eq!(errors.len(), cases.len(), "{errors:?}");
    for ((name, _, words), error) in cases.iter().zip(&errors) {
        assert!(error.starts_with(&format!("s/{name}: {words}")), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn only_the_head_of_a_file_is_read() {
    let folder = Folder::new();
    folder.skill("s/big", "big");
    let file = fs::OpenOptions::new()
        .write(true)
        .open(folder.path("s/big/SKILL.md"))
        .unwrap();
    // A gigabyte that takes no room on the disk.
    file.set_len(1 << 30).unwrap();
    folder.put(
        "s/mixed/SKILL.md",
        b"---\nname: mixed\ndescription: d\n---\n\xff\xff",
    );
    // The bound falls into a character.
    let mut cut = b"---\nname: cut\ndescription: d\n---\n".to_vec();
    cut.resize(HEAD_LIMIT - 1, b'x');
    cut.extend("é".bytes());
    folder.put("s/cut/SKILL.md", cut);
    let (skills, errors) = folder.told("s");
    assert_eq!(skills, ["s/big big", "s/cut cut", "s/mixed mixed"]);
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn a_folder_too_large_is_looked_at_up_to_a_bound() {
    let folder = Folder::new();
    folder.skill("s/a", "first");
    for number in 0..20 {
        folder.skill(&format!("s/many/{number:02}"), "more");
    }
    let limits = Limits {
        entries: 12,
        hidden: false,
        ..Limits::default()
    };
    let listing = list_within(&folder.path("s"), limits, &mut |_| {});
    // The folder itself has two names, the first of its own folders one, the other the rest.
    let names: Vec<_> = listing.skills.iter().map(|skill| &*skill.name).collect();
    assert_eq!(names, ["first"]);
    let words = "only the first 2000 folders and 12 names are looked at".to_owned();
    assert_eq!(listing.errors, [(folder.path("s"), words)]);
}

#[test]
fn descriptions_are_kept_up_to_a_bound() {
    let folder = Folder::new();
    let description = "d".repeat(HEAD_LIMIT - 100);
    let fit = TEXT_LIMIT / HEAD_LIMIT;
    for number in 0..fit + 2 {
        let head = format!("---\nname: s{number:04}\ndescription: {description}\n---\n");
        folder.put(&format!("s/{number:04}/SKILL.md"), head);
    }
    let listing = folder.list("s");
    let kept: usize = listing.skills.iter().map(cost).sum();
    assert!(kept <= TEXT_LIMIT && listing.skills.len() >= fit, "{kept}");
    let words = "the skills' descriptions exceed 8388608 bytes".to_owned();
    assert_eq!(listing.errors, [(folder.path("s"), words)]);
}

#[test]
fn errors_are_told_up_to_a_bound() {
    let folder = Folder::new();
    for number in 0..=MAX_ERRORS {
        folder.put(&format!("s/{number}/SKILL.md"), "none");
    }
    assert_eq!(folder.list("s").errors.len(), MAX_ERRORS);
}

#[test]
fn what_people_are_shown_stands_beside() {
    let folder = Folder::new();
    let shown = |beside: &str| {
        folder.skill("s/x", "x");
        folder.put("s/x/agents/openai.yaml", beside);
        folder.list("s").skills.pop()
    };
    let all = shown(
        "interface:\n  display_name: ' A  b '\n  short_description: s\n  icon_small: ./assets/a.svg\n  \
         icon_large: ../up.png\n  brand_color: ' #12aBcd '\n  default_prompt: p\n  other: 1\n\
         dependencies:\n  tools:\n    - {type: mcp, value: v}\n    - {type: mcp}\npolicy:\n  products: [Codex]\n",
    )
    .unwrap();
    assert_eq!(
        all.interface,
        Some(Interface {
            display_name: Some("A b".to_owned()),
            short_description: Some("s".to_owned()),
            icon_small: Some(folder.path("s/x/assets/a.svg")),
            icon_large: None,
            brand_color: Some("#12aBcd".to_owned()),
            default_prompt: Some("p".to_owned()),
        })
    );
    assert_eq!(all.tools.unwrap().len(), 1);
    assert_eq!(shown("policy:\n  products: [chatgpt]\n"), None);
    // One mistake and it says nothing.
    for wrong in [
        "interface: [\n",
        "interface:\n  display_name: [a]\n",
        "interface:\n  display_name: a\npolicy:\n  products: [bogus]\n",
        "interface:\n  display_name: a\ndependencies:\n  tools: 5\n",
        "interface:\n  icon_small: x.png\n  brand_color: red\n",
    ] {
        let skill = shown(wrong).unwrap();
        assert_eq!((skill.interface, skill.tools), (None, None), "{wrong}");
    }
}

#[test]
fn skills_of_a_plugin_carry_its_name() {
    let folder = Folder::new();
    folder.skill("p/skills/a", "a");
    folder.skill("p/skills/q/b", "b");
    folder.skill("other", "c");
    folder.put("p/.codex-plugin/plugin.json", r#"{"name": "plug"}"#);
    folder.put(
        "p/skills/q/.claude-plugin/plugin.json",
        r#"{"name": "inner"}"#,
    );
    let (skills, _) = folder.told("p/skills");
    assert_eq!(skills, ["p/skills/a plug:a", "p/skills/q/b inner:b"]);
    assert_eq!(folder.told("other").0, ["other c"]);
}

proptest! {
    /// Nobody leads a picture out of the folder for pictures.
    #[test]
    fn pictures_stay_in_their_folder(path in "(\\./|\\.\\./|/|assets|a|\\.\\.| ){0,6}") {
        let folder = Path::new("/skill");
        if let Some(picture) = picture(folder, &path) {
            prop_assert!(picture.starts_with("/skill/assets"), "{path} {picture:?}");
            prop_assert!(picture.components().all(|part| part != std::path::Component::ParentDir));
        }
    }

    #[test]
    fn shown_texts_are_one_short_line(text in "[a \n\té]{0,12}", limit in 0..8_usize) {
        if let Some(shown) = short(Some(text.clone()), limit) {
            prop_assert!((1..=limit).contains(&shown.chars().count()));
            prop_assert!(!shown.contains(['\n', '\t']) && shown.trim() == shown);
        } else {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert!(words.is_empty() || words.chars().count() > limit);
        }
    }

    /// Whatever a head is, it is told in one line or refused in one.
    #[test]
    fn heads_are_read_or_refused(lines in prop::collection::vec("(---|name: a|description: b|x: \\[|- y|: :|\"| #|\t)", 0..8)) {
        let contents = lines.join("\n");
        match skill::read_head(&contents, "folder") {
            Ok(head) => {
                prop_assert_eq!(head.description, "b");
                prop_assert!(head.name == "a" || head.name == "folder");
            }
            Err(error) => prop_assert_eq!(error.to_string().lines().count(), 1),
        }
        prop_assert_eq!(skill::head(&contents, "folder").is_some(), skill::read_head(&contents, "folder").is_ok());
    }
}
