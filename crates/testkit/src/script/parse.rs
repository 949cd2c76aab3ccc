//! From the text of a script to its steps. Pure.

use serde_json::Value;

/// A script, ready to be played.
#[derive(Debug)]
pub struct Script {
    /// What it is called when it fails.
    pub name: String,
    pub(super) face: Face,
    pub(super) websocket: bool,
    pub(super) flags: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// The row of the addition that only ours has.
    pub(super) only_ours: Option<String>,
    pub(super) steps: Vec<Step>,
}

/// Which of its servers the program is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Exec,
    App,
}

/// One line that does something.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) connection: String,
    pub(super) only: Option<Only>,
    pub(super) action: Action,
}

/// The side a step is for, and the row that says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Only {
    pub(super) ours: bool,
    pub(super) row: String,
}

/// What a step does; texts still hold their variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Hello,
    Resume,
    Open,
    Close,
    Cut,
    Shell(String),
    Send(String),
    Raw(String),
    Hex(String),
    Expect { how: How, json: String },
    Events { process: String, json: String },
    Output { process: String, text: String },
    Ended(Option<u16>),
}

/// How strictly an expectation is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Any,
    Next,
    Exact,
}

// === impl Script ===

impl Script {
    /// Reads a script.
    ///
    /// # Panics
    /// When a line is none; the line is named.
    pub fn parse(name: &str, text: &str) -> Self {
        let mut script = Self {
            name: name.to_owned(),
            face: Face::Exec,
            websocket: false,
            flags: Vec::new(),
            env: Vec::new(),
            only_ours: None,
            steps: Vec::new(),
        };
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let understood = match line.strip_prefix("! ") {
                Some(setting) => script.setting(setting),
                None => step(number + 1, line).map(|step| script.steps.push(step)),
            };
            assert!(
                understood.is_some(),
                "{name}:{}: not understood: {line}",
                number + 1
            );
        }
        script
    }

    /// Whether it is played against ours only.
    pub fn is_ours_only(&self) -> bool {
        self.only_ours.is_some()
    }

    fn setting(&mut self, setting: &str) -> Option<()> {
        let (word, rest) = setting.split_once(' ')?;
        match word {
            "face" if rest == "app" => self.face = Face::App,
            "transport" => self.websocket = rest == "websocket",
            "flags" => self.flags.extend(rest.split(' ').map(str::to_owned)),
            "env" => {
                let (name, value) = rest.split_once('=')?;
                self.env.push((name.to_owned(), value.to_owned()));
            }
            "ours" => self.only_ours = Some(rest.to_owned()),
            _ => return None,
        }
        Some(())
    }
}

/// The rows of `docs/wire.md` that a script names.
pub fn rows(script: &Script) -> Vec<String> {
    let marks = script.steps.iter().filter_map(|step| step.only.as_ref());
    marks
        .map(|only| only.row.clone())
        .chain(script.only_ours.clone())
        .collect()
}

/// `[connection ]verb[side[row]][ rest]`
fn step(line: usize, text: &str) -> Option<Step> {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let is_name = first.bytes().all(|byte| byte.is_ascii_lowercase());
    let (connection, text) = if is_name { (first, rest) } else { ("a", text) };
    let (head, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (verb, only) = mark(head)?;
    let action = action(verb, rest)?;
    let text = text.to_owned();
    Some(Step {
        line,
        text,
        connection: connection.to_owned(),
        only,
        action,
    })
}

/// Splits `<<ours[W07]` into the verb and its mark.
fn mark(head: &str) -> Option<(&str, Option<Only>)> {
    let Some((before, row)) = head.split_once('[') else {
        return Some((head, None));
    };
    let row = row.strip_suffix(']')?.to_owned();
    if let Some(verb) = before.strip_suffix("ours") {
        return Some((verb, Some(Only { ours: true, row })));
    }
    let verb = before.strip_suffix("reference")?;
    Some((verb, Some(Only { ours: false, row })))
}

fn action(verb: &str, rest: &str) -> Option<Action> {
    let expect = |how| Action::Expect {
        how,
        json: rest.to_owned(),
    };
    let of_process = || {
        rest.split_once(' ')
            .map(|(id, rest)| (id.to_owned(), rest.to_owned()))
    };
    Some(match verb {
        "--" => match rest.split_once(' ').unwrap_or((rest, "")) {
            ("hello", "") => Action::Hello,
            ("resume", "") => Action::Resume,
            ("open", "") => Action::Open,
            ("close", "") => Action::Close,
            ("cut", "") => Action::Cut,
            ("sh", command) => Action::Shell(command.to_owned()),
            _ => return None,
        },
        ">>" => Action::Send(rest.to_owned()),
        ">>raw" => Action::Raw(rest.to_owned()),
        ">>hex" => Action::Hex(rest.to_owned()),
        "<<" => expect(How::Any),
        "<<next" => expect(How::Next),
        "<<exact" => expect(How::Exact),
        "<~" => of_process().map(|(process, json)| Action::Events { process, json })?,
        "<?" => {
            let (process, text) = of_process()?;
            Action::Output {
                process,
                text: serde_json::from_str::<String>(&text).ok()?,
            }
        }
        "<x" if rest == "drop" => Action::Ended(None),
        "<x" => Action::Ended(Some(rest.parse().ok()?)),
        _ => return None,
    })
}

/// JSON of a line, with its variables in place.
pub(super) fn json(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Value, String> {
    let text = filled(text, variable)?;
    serde_json::from_str(&text).map_err(|error| format!("no JSON: {error}: {text}"))
}

/// A text with `${NAME}` replaced.
pub(super) fn filled(
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or("a variable has no end")?;
        out.push_str(before);
        out.push_str(&variable(name).ok_or_else(|| format!("no variable {name}"))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_a_connection_a_mark_and_an_action() {
        let script = Script::parse(
            "x",
            "# says nothing\n! flags --a 1\n>> {}\nb <<ours[W07] {\"id\":1}\n<? p \"a\\n\"\n<x 1002",
        );
        assert_eq!(script.flags, ["--a", "1"]);
        let [first, second, third, fourth] = &script.steps[..] else {
            panic!("four steps")
        };
        assert_eq!((first.connection.as_str(), first.line), ("a", 3));
        assert_eq!(second.connection, "b");
        assert_eq!(
            second.only,
            Some(Only {
                ours: true,
                row: "W07".to_owned()
            })
        );
        assert_eq!(
            third.action,
            Action::Output {
                process: "p".into(),
                text: "a\n".into()
            }
        );
        assert_eq!(fourth.action, Action::Ended(Some(1002)));
        assert_eq!(rows(&script), ["W07"]);
    }

    #[test]
    #[should_panic(expected = "x:2: not understood")]
    fn a_line_that_is_no_step_is_named() {
        Script::parse("x", ">> {}\nnonsense here");
    }

    #[test]
    fn variables_are_filled_in() {
        let variable = |name: &str| (name == "a").then(|| "1".to_owned());
        assert_eq!(filled("x${a}y${a}", variable).as_deref(), Ok("x1y1"));
        assert!(filled("${b}", variable).is_err());
    }
}
