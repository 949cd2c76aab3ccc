//! The user's entry in `/etc/passwd`. Pure: text in, entry out.
//!
//! Other account databases are not asked: that needs the C library's plug-ins, which a statically
//! linked program has not. A user without an entry is described by the environment alone.

use std::path::PathBuf;

/// What the account database says of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The home folder.
    pub home: PathBuf,
    /// The login shell; may be empty.
    pub shell: PathBuf,
}

/// The first entry of user `uid`.
pub(super) fn account(passwd: &str, uid: u32) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let [_, _, id, _, _, home, shell] = line.split(':').collect::<Vec<_>>()[..] else {
            return None;
        };
        (id.parse() == Ok(uid)).then(|| Account {
            home: PathBuf::from(home),
            shell: PathBuf::from(shell),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_whole_entry_of_the_user_counts() {
        let passwd = "# comment\nbroken:x:7\nroot:x:0:0:root:/root:/bin/bash\n\
                      u:x:7:7::/home/u:/bin/zsh\nagain:x:7:7::/other:/bin/sh\nn:x:8:8::/n:";
        let entry = |home: &str, shell: &str| Account {
            home: home.into(),
            shell: shell.into(),
        };
        assert_eq!(account(passwd, 7), Some(entry("/home/u", "/bin/zsh")));
        assert_eq!(account(passwd, 0), Some(entry("/root", "/bin/bash")));
        assert_eq!(account(passwd, 8), Some(entry("/n", "")));
        assert_eq!(account(passwd, 9), None);
        assert_eq!(account("", 0), None);
    }
}
