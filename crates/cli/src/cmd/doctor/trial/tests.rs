use super::*;

fn ended(code: i32, limit: Option<Bounded>) -> Result<(Exit, String), String> {
    let exit = Exit {
        code,
        reason: None,
        signal: None,
        sandbox_denied: false,
        limit_exceeded: limit.map(|what| what.member().to_owned()),
    };
    Ok((exit, "words".to_owned()))
}

fn not_started() -> Result<(Exit, String), String> {
    Err("no walls".to_owned())
}

#[test]
fn an_end_is_judged_by_what_was_claimed() {
    let memory = End::Limited(Some(Bounded::Memory));
    for (end, how) in [
        (End::Works, ended(0, None)),
        (End::Refused, ended(1, None)),
        (End::NotStarted, not_started()),
        (memory, ended(137, Some(Bounded::Memory))),
        (End::Limited(None), ended(1, None)),
    ] {
        assert_eq!(judge(end, how), Verdict::Held, "{end:?}");
    }
    for (end, how) in [
        (End::Works, ended(1, None)),
        (End::Works, not_started()),
        (End::Refused, ended(0, None)),
        (End::Refused, ended(137, None)),
        (End::Refused, not_started()),
        (End::NotStarted, ended(1, None)),
        (memory, ended(0, None)),
        (memory, ended(137, None)),
        (memory, ended(137, Some(Bounded::Cpu))),
        (End::Limited(None), ended(0, None)),
    ] {
        let verdict = judge(end, how);
        assert!(
            matches!(verdict, Verdict::Broken(_)),
            "{end:?}: {verdict:?}"
        );
    }
    let verdict = judge(memory, not_started());
    assert_eq!(verdict, Verdict::Unavailable("no walls".to_owned()));
}

#[test]
fn what_went_wrong_is_told_with_what_was_said() {
    let verdict = judge(End::Works, ended(137, Some(Bounded::Memory)));
    let words = "it ended with status 137, over its limit of memory: words";
    assert_eq!(verdict, Verdict::Broken(words.to_owned()));
}
