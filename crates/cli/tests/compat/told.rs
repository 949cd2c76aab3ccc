//! What a story can be judged by after it was played.

use std::fs;

use outpost_testkit::wire::{Run, Wire};
use serde_json::Value;
use tempfile::TempDir;

/// A scene after it was played.
pub(crate) struct Told {
    pub(crate) wire: Wire,
    /// What the tools answered to the model.
    pub(crate) outputs: Vec<String>,
    /// The largest frame that passed, in bytes; 0 where there were no frames.
    pub(crate) largest_frame: usize,
    pub(crate) folder: TempDir,
}

/// The end of one process.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) run: Run,
    pub(crate) code: i64,
    /// `sandboxType` of the answer to its start.
    pub(crate) sandbox: Value,
    /// `sandboxDenied` of the notification of its exit.
    pub(crate) denied: bool,
}

// === impl Told ===

impl Told {
    /// The one process of the story, which must be whole.
    pub(crate) fn run(&self) -> Run {
        let mut runs = self.wire.runs();
        assert_eq!(runs.len(), 1, "one process was started");
        let run = runs.remove(0);
        run.assert_whole();
        run
    }

    /// A file in the folder the commands ran in.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.path().join("work").join(name)).ok()
    }

    /// Whether there is something of this name in the folder the commands ran in, or with `../` in
    /// front elsewhere in the story's folder; a link that leads nowhere is something.
    pub(crate) fn is_there(&self, name: &str) -> bool {
        let path = self.folder.path().join("work").join(name);
        path.symlink_metadata().is_ok()
    }

    /// Every process of the story, in order and whole, with what the server said of its walls.
    pub(crate) fn ends(&self) -> Vec<End> {
        let starts = self.wire.answered("process/start");
        let runs = self.wire.runs();
        let ends = runs.into_iter().map(|run| {
            let id = &run.start["processId"];
            let started = starts.iter().find(|answer| answer["processId"] == *id);
            let mut heard = self.wire.heard().iter().map(|heard| &heard.message);
            let exited = heard.find(|message| {
                message["method"] == "process/exited" && message["params"]["processId"] == *id
            });
            run.assert_whole();
            End {
                sandbox: started.expect("it was started")["sandboxType"].clone(),
                denied: exited.expect("it ended")["params"]["sandboxDenied"] == true,
                code: run.exit_code().expect("it ended"),
                run,
            }
        });
        ends.collect()
    }
}
