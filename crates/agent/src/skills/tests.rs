use std::fs;

use proptest::prelude::*;

use super::*;
use crate::config::Places;

struct World {
    dir: tempfile::TempDir,
    configuration: Configuration,
}

impl World {
    fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let places = Places {
            home: dir.path().join("home"),
            system: dir.path().join("system"),
        };
        fs::create_dir_all(&places.home).unwrap();
        fs::write(places.user_file(), config).unwrap();
        let configuration = Configuration::open::<&str>(places, &[]).unwrap();
        Self { dir, configuration }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn user_file(&self) -> String {
        fs::read_to_string(self.configuration.places().user_file()).unwrap()
    }

    fn roots(&self, user_home: &str, cwd: &str, extra: &[PathBuf]) -> Vec<(Scope, String)> {
        let snapshot = self.configuration.read(None);
        let home = self.path(user_home);
        let cwd = self.path(cwd);
        let roots = roots(&self.configuration, &snapshot, Some(&home), (&cwd, extra));
        let relative = |path: &Path| path.strip_prefix(self.dir.path()).unwrap().to_owned();
        roots
            .into_iter()
            .map(|root| (root.scope, relative(&root.folder).display().to_string()))
            .collect()
    }
}

#[test]
fn what_is_somebodys_everywhere_comes_before_the_project() {
    let world = World::new("");
    fs::create_dir_all(world.path("me/p/.git")).unwrap();
    fs::write(world.path("me/p/.git/HEAD"), "x").unwrap();
    let named = |list: &[(Scope, &str)]| -> Vec<_> {
        let owned = |(scope, path): &(Scope, &str)| (*scope, (*path).to_owned());
        list.iter().map(owned).collect()
    };
    let (repo, user) = (Scope::Repo, Scope::User);
    let always = [
        (user, "me/.agents/skills"),
        (user, "home/skills"),
        (Scope::System, "home/skills/.system"),
        (Scope::Admin, "system/skills"),
    ];
    let project = [
        (repo, "me/p/.codex/skills"),
        (repo, "me/p/.agents/skills"),
        (repo, "me/p/a/.codex/skills"),
        (repo, "me/p/a/.agents/skills"),
    ];
    assert_eq!(
        world.roots("me", "me/p/a", &[]),
        [named(&always), named(&project)].concat()
    );
    // Without a project, only where one is; and what is the user's stays the user's.
    let here = [(repo, "me/.codex/skills")];
    assert_eq!(
        world.roots("me", "me", &[]),
        [named(&always), named(&here)].concat()
    );
    let extra = [world.path("extra"), world.path("home/skills")];
    let roots = world.roots("me", "elsewhere", &extra);
    let count = |path: &str| roots.iter().filter(|(_, other)| other == path).count();
    assert_eq!((count("extra"), count("home/skills")), (1, 1));
}

#[test]
fn skills_that_came_with_a_program_can_be_left_out() {
    let world = World::new("[skills.bundled]\nenabled = false\n");
    let roots = world.roots("me", "me", &[]);
    assert!(roots.iter().all(|(scope, _)| *scope != Scope::System));
}

#[test]
fn a_switch_is_one_entry_in_the_users_file() {
    let world = World::new("# mine\nmodel = \"m\" # keep\n");
    let by_name = Selector::Name("a b".to_owned());
    let by_path = Selector::Path("/s/SKILL.md".into());
    let set = |selector: &Selector, on| {
        switch(&world.configuration, selector, on).unwrap();
        let switches = Switches::of(&world.configuration.read(None).config);
        (
            switches.is_on("a b", Path::new("/x")),
            switches.is_on("b", Path::new("/s/SKILL.md")),
        )
    };
    assert_eq!(set(&by_name, false), (false, true));
    assert_eq!(set(&by_name, false), (false, true));
    assert_eq!(set(&by_path, false), (false, false));
    assert_eq!(world.user_file().matches("enabled").count(), 2);
    assert_eq!(set(&by_name, true), (true, false));
    assert_eq!(set(&by_path, true), (true, true));
    let text = world.user_file();
    assert!(text.starts_with("# mine\nmodel = \"m\" # keep\n"), "{text}");
    assert!(!text.contains("enabled"), "{text}");
}

#[test]
fn writers_do_not_undo_each_other() {
    let world = World::new("");
    std::thread::scope(|scope| {
        for number in 0..ATTEMPTS {
            let configuration = &world.configuration;
            let selector = Selector::Name(format!("s{number}"));
            scope.spawn(move || switch(configuration, &selector, false).unwrap());
        }
    });
    let switches = Switches::of(&world.configuration.read(None).config);
    let off = (0..ATTEMPTS).filter(|n| !switches.is_on(&format!("s{n}"), Path::new("/")));
    assert_eq!(off.count(), ATTEMPTS);
}

#[test]
fn what_is_not_understood_switches_nothing() {
    let config = json!({"skills": {"config": [
        5, {}, {"name": "a"}, {"name": "a", "path": "/p", "enabled": false},
        {"enabled": false}, {"name": "b", "enabled": false}, {"name": "b", "enabled": true},
    ]}});
    let switches = Switches::of(&config);
    assert!(switches.is_on("a", Path::new("/p")) && switches.is_on("b", Path::new("/")));
    assert_eq!(Switches::of(&json!({})), Switches::default());
}

proptest! {
    /// Whatever was switched before, the last word on each skill holds, and what is on leaves
    /// nothing behind.
    #[test]
    fn the_last_word_holds(words in prop::collection::vec(("[a-c]", any::<bool>(), any::<bool>()), 0..20)) {
        let selector = |name: &str, by_path: bool| match by_path {
            true => Selector::Path(PathBuf::from("/").join(name)),
            false => Selector::Name(name.to_owned()),
        };
        let mut list = Json::Null;
        let mut model = std::collections::BTreeMap::new();
        for (name, by_path, on) in &words {
            list = switched(Some(&list), &selector(name, *by_path), *on);
            model.insert((name.clone(), *by_path), *on);
        }
        let off = model.values().filter(|on| !**on).count();
        prop_assert_eq!(list.as_array().map_or(0, Vec::len), off);
        let switches = Switches::of(&json!({"skills": {"config": list}}));
        for ((name, by_path), on) in model {
            let (name, path) = match by_path {
                true => ("other", PathBuf::from("/").join(name)),
                false => (&*name.clone(), PathBuf::from("/other")),
            };
            prop_assert_eq!(switches.is_on(name, &path), on);
        }
    }
}
