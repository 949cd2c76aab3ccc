//! What an account may still use, and messages about it. This server has no accounts that this is
//! known of, so every answer is a refusal, and none has a type.

use serde::{Deserialize, Serialize};

/// What is to be told of an account's limits.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GetAccountRateLimitsParams {
    /// Only sums.
    #[serde(default)]
    pub exclude_reset_credit_details: bool,
    /// The client knows of a reserve.
    #[serde(default)]
    pub supports_luna_reserve: bool,
}

/// Whose use.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GetAccountTokenUsageParams {
    /// That of a thread; absent: that of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// What to use up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConsumeAccountRateLimitResetCreditParams {
    /// The same for the same attempt; not empty.
    pub idempotency_key: String,
    /// Which; absent: the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_id: Option<String>,
}

/// What to ask the owner for.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SendAddCreditsNudgeEmailParams {
    /// What is used up.
    pub credit_type: AddCreditsNudgeCreditType,
}

/// What is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AddCreditsNudgeCreditType {
    /// What was paid for.
    Credits,
    /// What is free.
    UsageLimit,
}
