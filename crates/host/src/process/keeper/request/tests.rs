use proptest::prelude::*;

use super::*;

fn request(argv: &[&str]) -> SpawnRequest {
    SpawnRequest {
        argv: argv.iter().map(OsString::from).collect(),
        arg0: None,
        cwd: "/".into(),
        env: Vec::new(),
        stdio: StdioPlan::Pipes { stdin: false },
        limits: ResourceLimits::default(),
        walls: None,
    }
}

#[test]
fn p13_what_can_never_run_is_refused_before_anything_runs() {
    assert!(check(&request(&["a", "b"])).is_ok());
    let env = |name: &str, value: &str| vec![(name.into(), value.into())];
    let refused = [
        request(&[]),
        request(&["a\0"]),
        request(&["a", "b\0"]),
        SpawnRequest {
            arg0: Some("\0".into()),
            ..request(&["a"])
        },
        SpawnRequest {
            cwd: "relative".into(),
            ..request(&["a"])
        },
        SpawnRequest {
            cwd: "/a\0".into(),
            ..request(&["a"])
        },
        SpawnRequest {
            env: env("", "x"),
            ..request(&["a"])
        },
        SpawnRequest {
            env: env("A=B", "x"),
            ..request(&["a"])
        },
        SpawnRequest {
            env: env("A\0", "x"),
            ..request(&["a"])
        },
        SpawnRequest {
            env: env("A", "\0"),
            ..request(&["a"])
        },
    ];
    for request in refused {
        assert!(
            matches!(check(&request), Err(SpawnError::Invalid { .. })),
            "{request:?}"
        );
    }
}

proptest! {
    /// Whatever passes the check here can be executed by the keeper.
    #[test]
    fn a_request_that_passes_is_one_that_exec_can_take(
        argv in prop::collection::vec("[a\0]{0,3}", 0..3),
        env in prop::collection::vec(("[A=\0]{0,2}", "[x\0]{0,2}"), 0..3),
    ) {
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let env = env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let request = SpawnRequest { env, ..request(&argv) };
        let passes = check(&request).is_ok();
        let wire::Command { argv, arg0, cwd, env, .. } = encode(request);
        let program = crate::process::program::Program::new(&argv, arg0.as_deref(), &cwd, &env);
        prop_assert_eq!(passes, program.is_some());
    }
}
