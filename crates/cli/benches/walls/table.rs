//! Sides that take turns, and what becomes of their times.

use std::{
    collections::HashMap,
    fmt::{self, Display, Formatter},
    time::Duration,
};

/// Something whose time is taken.
pub(crate) struct Side {
    name: String,
    /// Makes ready for a turn.
    ready: Box<dyn Fn() -> Once>,
}

/// Does it once and says how long it took.
pub(crate) type Once = Box<dyn FnMut() -> Duration>;

/// The median of every side in one round, in microseconds.
pub(crate) type Row<'a> = HashMap<&'a str, f64>;

/// Every round of every side.
pub(crate) struct Table {
    /// In the order of the sides.
    names: Vec<String>,
    /// The medians of the rounds, a list for each side.
    medians: Vec<Vec<f64>>,
}

/// A ratio that must not be exceeded.
pub(crate) struct Bar {
    what: &'static str,
    most: f64,
    ratio: f64,
}

// === impl Side ===

impl Side {
    pub(crate) fn new(name: impl Into<String>, ready: impl Fn() -> Once + 'static) -> Self {
        Self {
            name: name.into(),
            ready: Box::new(ready),
        }
    }

    /// What is done for the first time in a turn is not counted.
    fn median(&self, samples: usize) -> f64 {
        let mut once = (self.ready)();
        once();
        let times = (0..samples).map(|_| once().as_secs_f64() * 1e6);
        median(times.collect())
    }
}

// === impl Table ===

impl Table {
    /// Lets the sides take turns.
    pub(crate) fn measure(sides: &[Side], rounds: usize, samples: usize) -> Self {
        let mut medians = vec![Vec::new(); sides.len()];
        for round in 0..rounds {
            let mut turns: Vec<_> = sides.iter().zip(&mut medians).collect();
            if round % 2 == 1 {
                turns.reverse();
            }
            for (side, medians) in turns {
                medians.push(side.median(samples));
            }
        }
        let names = sides.iter().map(|side| side.name.clone()).collect();
        Self { names, medians }
    }

    /// The median over the rounds of what `of` makes of a round.
    pub(crate) fn ratio(&self, of: impl Fn(&Row<'_>) -> f64) -> f64 {
        let rounds = 0..self.medians[0].len();
        let rows = rounds.map(|round| {
            let cells = self.medians.iter().map(|side| side[round]);
            self.names.iter().map(String::as_str).zip(cells).collect()
        });
        median(rows.map(|row| of(&row)).collect())
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:32}{:>12}{:>12}{:>12}",
            "microseconds", "median", "min", "max"
        )?;
        for (name, rounds) in self.names.iter().zip(&self.medians) {
            let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
            let most = rounds.iter().copied().fold(0.0, f64::max);
            let middle = median(rounds.clone());
            writeln!(f, "{name:32}{middle:>12.0}{least:>12.0}{most:>12.0}")?;
        }
        Ok(())
    }
}

// === impl Bar ===

impl Bar {
    pub(crate) fn new(what: &'static str, most: f64, ratio: f64) -> Self {
        Self { what, most, ratio }
    }

    pub(crate) fn is_met(&self) -> bool {
        self.ratio <= self.most
    }
}

impl Display for Bar {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_met() { "met" } else { "MISSED" };
        let Self { what, most, ratio } = self;
        write!(f, "{verdict}: {what}: {ratio:.3}, at most {most}")
    }
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    let middle = of.len() / 2;
    if of.len() % 2 == 1 {
        of[middle]
    } else {
        f64::midpoint(of[middle - 1], of[middle])
    }
}
