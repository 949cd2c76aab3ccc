//! Threads: what a client and a model work on together.
//!
//! Starting one, finding those there are, reading and naming them, and who is told what of them.
//! Turns, and what happens in them, have only the outer form in which a list of turns is answered:
//! their items are carried as they are.

mod around;
mod list;
mod object;
mod settings;
mod start;
mod turns;

pub use self::{
    around::{
        ThreadAttachment, ThreadAttachmentListParams, ThreadAttachmentListResponse,
        ThreadBackgroundTerminal, ThreadBackgroundTerminalsCleanParams,
        ThreadBackgroundTerminalsListParams, ThreadBackgroundTerminalsListResponse, ThreadGoal,
        ThreadGoalGetParams, ThreadGoalGetResponse, ThreadGoalStatus,
        ThreadNameUpdatedNotification, ThreadReadState, ThreadReadStateChangedNotification,
        ThreadReadStateOperation, ThreadReadStateUpdateParams, ThreadReadStateUpdateResponse,
        ThreadSetNameParams, ThreadUnreadPosition,
    },
    list::{
        SortDirection, ThreadListCwdFilter, ThreadListParams, ThreadListResponse,
        ThreadLoadedListParams, ThreadLoadedListResponse, ThreadReadParams, ThreadReadResponse,
        ThreadSortKey, ThreadSourceKind, ThreadUnsubscribeParams, ThreadUnsubscribeResponse,
        ThreadUnsubscribeStatus,
    },
    object::{
        GitInfo, SessionSource, SubAgentSource, Thread, ThreadActiveFlag, ThreadEnvironment,
        ThreadExtra, ThreadHistoryMode, ThreadSection, ThreadSectionAppearance, ThreadStatus,
    },
    settings::{
        ActivePermissionProfile, CollaborationMode, CollaborationSettings, MultiAgentMode,
        Personality, ThreadSettings, ThreadSettingsUpdateParams, TurnEnvironmentParams,
    },
    start::{
        CapabilityRootLocation, DynamicToolNamespaceTool, DynamicToolSpec, SelectedCapabilityRoot,
        ThreadStartParams, ThreadStartResponse, ThreadStartSource,
    },
    turns::{
        ThreadItemEntry, ThreadItemOutputDeferral, ThreadItemsListAnchor, ThreadItemsListCursor,
        ThreadItemsListParams, ThreadItemsListResponse, ThreadTurnsListParams,
        ThreadTurnsListResponse, Turn, TurnItemsView, TurnStatus,
    },
};

use serde::{Deserialize, Serialize};

use super::Done;
use crate::method::{methods, notifications};

methods! {
    /// Begins a thread; who begins one is told what happens in it.
    Start = "thread/start": ThreadStartParams => ThreadStartResponse;
    /// One thread.
    Read = "thread/read": ThreadReadParams => ThreadReadResponse;
    /// The threads that are kept, in pages.
    List = "thread/list": ThreadListParams => ThreadListResponse;
    /// The ids of those that are at hand.
    LoadedList = "thread/loaded/list": ThreadLoadedListParams => ThreadLoadedListResponse;
    /// No longer to be told what happens in a thread.
    Unsubscribe = "thread/unsubscribe": ThreadUnsubscribeParams => ThreadUnsubscribeResponse;
    /// Names a thread.
    NameSet = "thread/name/set": ThreadSetNameParams => Done;
    /// Changes how a thread's later turns are done. Experimental.
    SettingsUpdate = "thread/settings/update": ThreadSettingsUpdateParams => Done;
    /// The turns of a thread, in pages.
    TurnsList = "thread/turns/list": ThreadTurnsListParams => ThreadTurnsListResponse;
    /// The items of a thread, in pages.
    ItemsList = "thread/items/list": ThreadItemsListParams => ThreadItemsListResponse;
    /// What was attached to a thread.
    AttachmentList = "thread/attachment/list": ThreadAttachmentListParams => ThreadAttachmentListResponse;
    /// The commands of a thread that go on between its turns. Experimental.
    BackgroundTerminalsList = "thread/backgroundTerminals/list": ThreadBackgroundTerminalsListParams => ThreadBackgroundTerminalsListResponse;
    /// Ends them. Experimental.
    BackgroundTerminalsClean = "thread/backgroundTerminals/clean": ThreadBackgroundTerminalsCleanParams => Done;
    /// What a thread is to reach.
    GoalGet = "thread/goal/get": ThreadGoalGetParams => ThreadGoalGetResponse;
    /// How far the user has read. Experimental.
    ReadStateUpdate = "thread/readState/update": ThreadReadStateUpdateParams => ThreadReadStateUpdateResponse;
}

notifications! {
    /// A thread has begun.
    Started = "thread/started": ThreadStartedNotification;
    /// What a thread does has changed.
    StatusChanged = "thread/status/changed": ThreadStatusChangedNotification;
    /// A thread is no longer at hand.
    Closed = "thread/closed": ThreadClosedNotification;
    /// A thread has another name.
    NameUpdated = "thread/name/updated": ThreadNameUpdatedNotification;
    /// A thread's later turns are done in another way.
    SettingsUpdated = "thread/settings/updated": ThreadSettingsUpdatedNotification;
    /// The user has read further.
    ReadStateChanged = "thread/readState/changed": ThreadReadStateChangedNotification;
}

/// A thread has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadStartedNotification {
    /// It.
    pub thread: Thread,
}

/// What a thread does has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadStatusChangedNotification {
    /// Which.
    pub thread_id: String,
    /// What it does now.
    pub status: ThreadStatus,
}

/// A thread is no longer at hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadClosedNotification {
    /// Which.
    pub thread_id: String,
}

/// A thread's later turns are done in another way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadSettingsUpdatedNotification {
    /// Which.
    pub thread_id: String,
    /// All of how they are done.
    pub thread_settings: ThreadSettings,
}
