//! What people do all day, by the programs they do it with.

use std::fs;

use super::behind_walls;
use crate::sandbox::inside::trial::apart;

#[test]
fn everyday_programs_work() {
    apart(|| {
        behind_walls(|world| {
            world.line(
                "mkdir -p src/a/b; for i in 1 2 3; do echo $i > src/a/b/$i; done; ln -s a src/l",
            );
            world.line("cp -a src copy && diff -r src copy");
            world.line(
                "tar cf src.tar src && mkdir un && tar xf src.tar -C un && diff -r src un/src",
            );
            world.line(
                "echo one > f && sed -i s/one/two/ f && grep -q two f && mv f g && cp g old/g",
            );
            world.line("mv old/g . && mv src old/src && mv old/src/a . && install -m 755 g bin");
            world.line("t=$(mktemp -p .) && echo x > $t && mv -f $t final && truncate -s 10 final");
            world.line("dd if=/dev/zero of=zeros bs=1k count=4 2>&1 && touch -d yesterday zeros");
            world.line("mkfifo p && { cat p & echo through > p; wait; }");
            world.line("(umask 77; exec 9>>lock; flock 9 true); rm -rf copy un old/src; ls -A");
            assert!(!world.denied());
        });
    });
}

#[test]
fn a_repository_below_works() {
    apart(|| {
        behind_walls(|world| {
            let git = "export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a \
                       GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a";
            world.line(&format!(
                "{git}; git init -q sub && cd sub && echo x > f && git add f && git commit -qm x && \
                 git clone -q . ../clone && git -C ../clone log --oneline && git gc -q"
            ));
            assert!(!world.denied());
            let line = format!("cd {} && git init -q . 2>&1", world.root.display());
            crate::sandbox::inside::trial::shell_fails(&line, "");
            assert!(world.denied());
        });
    });
}

#[test]
fn a_storm_of_processes_is_served() {
    apart(|| {
        behind_walls(|world| {
            world.line(
                "for i in $(seq 400); do (mkdir d$i && : > d$i/f && mv d$i/f d$i/g) & done; wait",
            );
            let made = fs::read_dir(&world.root).unwrap();
            let made = made.filter(|entry| {
                let entry = entry.as_ref().unwrap();
                entry.path().join("g").exists()
            });
            assert_eq!(made.count(), 400);
        });
    });
}
