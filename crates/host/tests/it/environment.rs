//! Capabilities, read from folders made for each test.

mod inventory;
mod roots;

use std::{
    fs,
    path::{Path, PathBuf},
};

use outpost_host::environment::Places;
use tempfile::TempDir;

/// A home, a user, a system folder and a work folder, all empty.
struct World {
    dir: TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for folder in ["home", "user", "system", "work"] {
            fs::create_dir(dir.path().join(folder)).expect("a new folder");
        }
        Self { dir }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// The path as messages show it.
    fn uri(&self, path: &str) -> String {
        format!("file://{}", self.path(path).display())
    }

    fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it is below the world")).expect("folders");
        fs::write(path, contents).expect("a file");
    }

    fn write_skill(&self, folder: &str, name: &str) {
        let contents = format!("---\nname: {name}\ndescription: about {name}\n---\nDo it.\n");
        self.write(&format!("{folder}/SKILL.md"), contents);
    }

    fn places(&self) -> Places {
        Places {
            home: self.path("home"),
            user_home: Some(self.path("user")),
            system: self.path("system"),
        }
    }
}

/// `path` without the temporary part, so that it can be compared.
fn relative(world: &World, path: &Path) -> String {
    let relative = path
        .strip_prefix(world.dir.path())
        .expect("it is below the world");
    relative.display().to_string()
}
