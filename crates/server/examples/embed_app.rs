//! Runs a command on an app server in this program, and prints its output as it comes.
//!
//! ```console
//! $ cargo run -p outpost-server --example embed_app -- sh -c 'echo hello; exit 3'
//! hello
//! the command ended with 3
//! ```

use std::{error::Error, io::Write};

use outpost_protocol::app::command::OutputDelta;
use outpost_server::embed::{self, AppArgs, ClientRequest, Event};
use serde_json::{Value, json};

#[expect(
    clippy::print_stdout,
    reason = "the output of a command is what this program is for"
)]
#[tokio::main]
async fn serve(command: &[String]) -> Result<(), Box<dyn Error>> {
    let app = embed::app(AppArgs::of_this_machine("embed_app", "1.0")?).await?;
    let params = json!({"command": command, "processId": "it", "streamStdoutStderr": true});
    let answer = app.request(ClientRequest::new(1, "command/exec", &params)?);
    tokio::pin!(answer);
    // Events are read while the answer is waited for; all output comes before it.
    let answer = loop {
        tokio::select! {
            biased;
            event = app.next_event() => match event {
                Some(event) => show(&event)?,
                None => return Err("the server has ended".into()),
            },
            answer = &mut answer => break answer?,
        }
    };
    match answer {
        Ok(answer) => {
            let answer: Value = serde_json::from_str(answer.get())?;
            println!("the command ended with {}", answer["exitCode"]);
        }
        Err(refusal) => println!("the command was refused: {refusal}"),
    }
    Ok(app.shutdown().await?)
}

/// Writes a piece of output.
fn show(event: &Event) -> Result<(), Box<dyn Error>> {
    if let Event::ServerNotification(told) = event
        && let Some(delta) = told.decode::<OutputDelta>()
    {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(&delta?.delta_base64.0)?;
        stdout.flush()?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    // First of all: this program is also the one that holds the commands it starts.
    outpost_server::dispatch();
    let mut command: Vec<_> = std::env::args().skip(1).collect();
    if command.is_empty() {
        command = vec!["uname".to_owned(), "-a".to_owned()];
    }
    serve(&command)
}
