//! How much of an answer is used up. Pure.

/// A sum with a limit.
#[derive(Debug)]
pub(super) struct Budget {
    used: usize,
    limit: usize,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Self {
        Self { used: 0, limit }
    }

    /// Takes `amount`, if that much is left.
    pub(super) fn take(&mut self, amount: usize) -> bool {
        let fits = amount <= self.limit - self.used;
        if fits {
            self.used += amount;
        }
        fits
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }
}

/// How many bytes `text` takes as a JSON string: what counts in a message.
pub(super) fn json_len(text: &str) -> usize {
    let escapes: usize = text
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
            0..0x20 => 5,
            _ => 0,
        })
        .sum();
    text.len() + escapes + 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_does_not_fit_takes_nothing() {
        let mut budget = Budget::new(10);
        assert!(budget.take(6) && !budget.take(5) && budget.take(4) && !budget.take(1));
        assert!(budget.take(0) && !budget.take(usize::MAX));
    }

    proptest! {
        #[test]
        fn the_json_length_is_never_underestimated(text in "[\\x00-\\x1f\"\\\\a-cé😀]{0,20}") {
            let written = serde_json::to_string(&text).unwrap().len();
            prop_assert!(json_len(&text) >= written);
            prop_assert!(json_len(&text) <= written + 4 * text.len());
        }
    }
}
