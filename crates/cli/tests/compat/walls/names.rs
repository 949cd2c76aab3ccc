//! The names that configure the client and its tools, which a command in a sandbox may not make its
//! own.

use std::fs;

use outpost_testkit::mock::Step;

use super::{WORKSPACE, walled_one};
use crate::scene::Scene;

/// The names.
const NAMES: [&str; 4] = [".git", ".agents", ".codex", ".aws"];

on_ways! {
    behind walls [(over_the_variable, Variable), (over_stdio, Program)];
    what_configures_the_client_does_not_come_into_being,
    what_configures_the_client_stays_as_it_is,
}

fn what_configures_the_client_does_not_come_into_being(scene: Scene) {
    let command = format!(
        "mkdir -p a/hooks && echo x > a/hooks/f && echo x > file && \
         for name in {}; do \
           mkdir $name && exit 3; \
           mv a $name && exit 4; \
           ln -s a $name && exit 5; \
           echo x > $name && exit 6; \
           ln file $name && exit 7; \
           mkdir -p $name/hooks && exit 8; \
           echo x > $name/hooks/f && exit 9; \
         done; mkdir ordinary || exit 10; exit 1",
        NAMES.join(" ")
    );
    let told = scene.held(WORKSPACE).then(Step::shell(command)).play();
    let end = walled_one(&told);
    assert_eq!((end.code, end.denied), (1, true));
    for name in NAMES {
        assert!(!told.is_there(name), "{name}");
    }
    assert!(told.is_there("ordinary"));
    assert!(told.is_there("a/hooks/f"), "it was not moved");
}

fn what_configures_the_client_stays_as_it_is(scene: Scene) {
    for name in NAMES {
        fs::create_dir_all(scene.work().join(name).join("hooks")).unwrap();
        fs::write(scene.work().join(name).join("config"), "mine\n").unwrap();
    }
    let command = format!(
        "for name in {}; do \
           cat $name/config || exit 2; \
           echo x > $name/config && exit 3; \
           echo x > $name/hooks/f && exit 4; \
           rm $name/config && exit 5; \
           mv $name away && exit 6; \
           rm -r $name && exit 7; \
         done; exit 1",
        NAMES.join(" ")
    );
    let told = scene.held(WORKSPACE).then(Step::shell(command)).play();
    let end = walled_one(&told);
    assert_eq!((end.code, end.denied), (1, true));
    assert_eq!(end.run.text("stdout"), "mine\n".repeat(NAMES.len()));
    for name in NAMES {
        let config = format!("{name}/config");
        assert_eq!(told.file(&config).as_deref(), Some("mine\n"));
        assert!(told.is_there(&format!("{name}/hooks")));
        assert!(!told.is_there(&format!("{name}/hooks/f")));
    }
    assert!(!told.is_there("away"));
}
