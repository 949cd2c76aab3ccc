//! Pure: the two wildcards of environment patterns, `*` and `?`; case is ignored.

/// Whether `pattern` matches all of `name`. Takes at most pattern times name steps, whatever the
/// pattern: only the last `*` is ever tried again.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().flat_map(char::to_lowercase).collect();
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let (mut p, mut n) = (0, 0);
    // Where to go on when what follows the last `*` turns out not to match.
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, n));
                p += 1;
            }
            Some(&expected) if expected == '?' || expected == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((after_star, eaten)) = retry else {
                    return false;
                };
                retry = Some((after_star, eaten + 1));
                p = after_star;
                n = eaten + 1;
            }
        }
    }
    pattern[p..].iter().all(|&rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, as slow as it is short.
    fn naive(pattern: &[char], name: &[char]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => (0..=name.len()).any(|eaten| naive(rest, &name[eaten..])),
            (Some((&expected, rest)), Some((&found, others))) => {
                (expected == '?' || expected.eq_ignore_ascii_case(&found)) && naive(rest, others)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[abA*?]{0,7}", name in "[abB]{0,8}") {
            let (p, n): (Vec<_>, Vec<_>) = (pattern.chars().collect(), name.chars().collect());
            prop_assert_eq!(matches(&pattern, &name), naive(&p, &n));
        }
    }

    #[test]
    fn brackets_and_braces_are_plain_characters() {
        assert!(!matches("T[Z]", "TZ"));
        assert!(!matches("{USER,HOME}", "USER"));
        assert!(matches("t?", "TZ"));
    }
}
