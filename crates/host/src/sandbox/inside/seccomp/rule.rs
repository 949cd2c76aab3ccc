//! The words that the lists of refused calls are written in.

use libc::Ioctl;
use seccompiler::{
    BackendError, SeccompCmpArgLen as Length, SeccompCmpOp as Op, SeccompCondition as Condition,
    SeccompRule,
};

use super::Rules;

/// The low half of an argument is compared: all that the kernel looks at where an argument is an
/// `int`. What a program puts into the high half must not make a difference.
fn low(argument: u8, op: Op, value: u32) -> Result<Condition, BackendError> {
    Condition::new(argument, Length::Dword, op, value.into())
}

/// The low half of an argument is this.
pub(super) fn is(argument: u8, value: u32) -> Result<Condition, BackendError> {
    low(argument, Op::Eq, value)
}

/// The low half of an argument is not this.
pub(super) fn is_not(argument: u8, value: u32) -> Result<Condition, BackendError> {
    low(argument, Op::Ne, value)
}

/// The bits of `mask` in an argument are these.
pub(super) fn bits(argument: u8, mask: u32, value: u32) -> Result<Condition, BackendError> {
    low(argument, Op::MaskedEq(mask.into()), value)
}

/// A pointer is not null.
pub(super) fn is_given(argument: u8) -> Result<Condition, BackendError> {
    Condition::new(argument, Length::Qword, Op::Ne, 0)
}

/// The low half of the number of a control.
#[expect(
    clippy::cast_possible_truncation,
    reason = "all that the kernel looks at; some libraries have the number signed"
)]
pub(super) const fn word(control: Ioctl) -> u32 {
    control as u32
}

/// Calls that are refused whatever their arguments are.
pub(super) fn always(rules: &mut Rules, calls: &[i64]) {
    for call in calls {
        rules.insert(*call, Vec::new());
    }
}

/// A call that is refused when all of these are so.
pub(super) fn when<const N: usize>(
    rules: &mut Rules,
    call: i64,
    conditions: [Result<Condition, BackendError>; N],
) -> Result<(), BackendError> {
    when_all(rules, call, conditions)
}

/// [`when`], of any number.
pub(super) fn when_all(
    rules: &mut Rules,
    call: i64,
    conditions: impl IntoIterator<Item = Result<Condition, BackendError>>,
) -> Result<(), BackendError> {
    let conditions = conditions.into_iter().collect::<Result<_, _>>()?;
    let rule = SeccompRule::new(conditions)?;
    rules.entry(call).or_default().push(rule);
    Ok(())
}
