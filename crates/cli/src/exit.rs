//! Exit statuses: which number says what.

use outpost_protocol::{RpcError, code};

/// Everything was done.
pub(crate) const DONE: u8 = 0;

/// Something was not done. Also what the reference answers when it cannot start.
pub(crate) const FAILED: u8 = 1;

/// The arguments make no sense.
pub(crate) const USAGE: u8 = 2;

/// `run`: the time-out was over, as `timeout` says it.
pub(crate) const TIMED_OUT: u8 = 124;

/// `run`: outpost itself failed, as `env` and `timeout` say it.
pub(crate) const OURS: u8 = 125;

/// `run`: the command was found and could not be executed, as shells say it.
pub(crate) const NOT_EXECUTABLE: u8 = 126;

/// `run`: the command was not found, as shells say it.
pub(crate) const NOT_FOUND: u8 = 127;

/// Nobody reads the output any more; 128 and the number of SIGPIPE.
pub(crate) const BROKEN_PIPE: u8 = 141;

/// `run`: the user does not wait any longer; 128 and the number of SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// The status a command's own exit code becomes. A parent sees eight bits of it.
pub(crate) fn of_command(code: i32) -> u8 {
    code.to_le_bytes()[0]
}

/// The status of a program that was ended by a signal, as shells say it.
pub(crate) fn of_signal(number: i32) -> u8 {
    of_command(128 + number)
}

/// Why a command could not be started, as a shell would put it. The server's message is the
/// operating system's text but for the program that no directory of PATH holds; what the server
/// refuses by itself has another code.
pub(crate) fn of_refused_start(error: &RpcError) -> u8 {
    if error.code != code::INTERNAL {
        return OURS;
    }
    let message = error.message.as_str();
    let has = |end: &str| message.ends_with(end);
    if has("(os error 2)") || message.contains("No viable candidates found in PATH") {
        NOT_FOUND
    } else if [
        "(os error 7)",  // argument list too long
        "(os error 8)",  // no format of a program
        "(os error 13)", // no permission
        "(os error 20)", // a file where a directory should be
        "(os error 21)", // a directory
        "(os error 26)", // being written
        "(os error 40)", // a loop of links
    ]
    .into_iter()
    .any(has)
    {
        NOT_EXECUTABLE
    } else {
        OURS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_start_is_told_as_a_shell_tells_it() {
        for (message, status) in [
            ("No such file or directory (os error 2)", NOT_FOUND),
            (
                "Unable to spawn nope because:\nNo viable candidates found in PATH \"/bin\"",
                NOT_FOUND,
            ),
            ("Permission denied (os error 13)", NOT_EXECUTABLE),
            ("Exec format error (os error 8)", NOT_EXECUTABLE),
            ("Argument list too long (os error 7)", NOT_EXECUTABLE),
            ("Too many open files (os error 24)", OURS),
            ("No space left on device (os error 28)", OURS),
            ("missing program for pipe spawn", OURS),
        ] {
            let error = RpcError::internal(message);
            assert_eq!(of_refused_start(&error), status, "{message}");
        }
    }

    #[test]
    fn what_the_server_refuses_is_not_said_of_the_program() {
        for error in [
            RpcError::invalid_params("no sandbox: No such file or directory (os error 2)"),
            RpcError::internal("failed to raise the sandbox (os error 13): see the manual"),
        ] {
            assert_eq!(of_refused_start(&error), OURS, "{error:?}");
        }
    }

    #[test]
    fn eight_bits_of_an_exit_code_are_seen() {
        for (code, status) in [(0, 0), (7, 7), (137, 137), (256, 0), (-1, 255)] {
            assert_eq!(of_command(code), status, "{code}");
        }
    }
}
